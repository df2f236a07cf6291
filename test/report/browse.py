"""Opens pages of `starhouse report` in Chromium as a telephone, a desk by day and by night, and paper, by a plan (JSON on standard input), and says
what it found (JSON on standard output).

plan:   {"browser": FILE, "out": FOLDER, "pages": {NAME: FILE}}
result: for each page and way to look at it ("light", "dark", "phone", "print"): what the page says of itself (drawn, errors), its title, the figures
        (label and text), the cards with their title, state (drawn, empty, failed, blank), source, the unit at its axis, its series, their colours and (of lines) how many differ in mark or dash, and
        the columns of its numbers, whether a table is wider than its card, the palette and the ground it is drawn on, how far it runs over its side, whether a click opens
        "The numbers", the console's errors, and requests to anything but the page itself."""
import json
import os
import sys

from playwright.sync_api import sync_playwright

WAYS = {
    "light": {"viewport": {"width": 1240, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1240, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "device_scale_factor": 2, "is_mobile": True, "has_touch": True},
    "print": {"viewport": {"width": 794, "height": 1123}, "color_scheme": "dark"},
}
LOOK = """() => {
  const seen = node => node && node.getClientRects().length > 0;
  const painted = canvas => canvas.width && canvas.height && canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(value => value !== 0);
  const cards = [...document.querySelectorAll('main section')].map(card => {
    const canvas = card.querySelector('canvas'), scroll = [...card.children].find(child => child.matches('.scroll'));
    const chart = canvas && Chart.getChart(canvas);
    const content = canvas ? painted(canvas) : card.querySelector('.scroll table tbody tr, .maps svg rect, .figures .figure');
    return {title: card.querySelector('h3')?.textContent ?? 'Headline figures', chart: !!canvas,
            state: card.querySelector('.error') ? 'failed' : card.querySelector('.empty') ? 'empty' : content ? 'drawn' : 'blank',
            unit: chart?.options.scales[chart.options.indexAxis === 'y' ? 'x' : 'y'].title.text ?? '',
            colours: chart ? [...new Set(chart.data.datasets.map(set => set.borderColor))] : [], series: chart?.data.datasets.map(set => set.label) ?? [],
            marks: chart?.config.type === 'line' ? new Set(chart.data.datasets.map(set => set.pointStyle + set.borderDash)).size : 0,
            cut: !!scroll && scroll.scrollWidth > scroll.clientWidth + 1,
            numbers: [...card.querySelectorAll('details th')].map(cell => cell.textContent),
            source: card.querySelector('p.source')?.textContent ?? '', text: card.querySelector('.empty, .error')?.textContent ?? ''};
  });
  const ink = getComputedStyle(document.body);
  return {drawn: document.documentElement.dataset.drawn, errors: document.documentElement.dataset.errors, title: document.title, cards,
          figures: [...document.querySelectorAll('.figure')].map(f => ({label: f.querySelector('span').textContent, text: f.querySelector('b').textContent, change: f.querySelector('b + span')?.textContent ?? ''})),
          over: document.documentElement.scrollWidth - document.documentElement.clientWidth, paper: ink.backgroundColor, ink: ink.color,
          palette: [0, 1, 2, 3, 4, 5, 6, 7].map(i => getComputedStyle(document.documentElement).getPropertyValue('--c' + i).trim()),
          background: getComputedStyle(document.querySelector('.card')).backgroundColor,
          numbers: [...document.querySelectorAll('details')].filter(seen).length};
}"""


def look(chromium, plan, name, way):
    found = {"errors_of_console": [], "elsewhere": []}
    context = chromium.new_context(**WAYS[way])
    page = context.new_page()
    page.on("console", lambda message: found["errors_of_console"].append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found["errors_of_console"].append(str(error)))
    page.on("dialog", lambda dialog: (found["errors_of_console"].append("dialog: " + dialog.message), dialog.dismiss()))
    address = "file://" + plan["pages"][name]
    page.on("request", lambda request: None if request.url == address or request.url.startswith("data:") else found["elsewhere"].append(request.url))
    page.goto(address)
    page.wait_for_function("() => document.documentElement.dataset.drawn !== undefined", timeout=60000)
    if way == "print":
        page.emulate_media(media="print")
        page.pdf(path=os.path.join(plan["out"], f"{name}.pdf"), format="A4", print_background=True)
    page.screenshot(path=os.path.join(plan["out"], f"{name}-{way}.png"), full_page=True)
    found |= page.evaluate(LOOK)
    summary = page.locator("details summary").first
    if way == "light" and summary.count():
        summary.click()
        found["opened"] = page.locator("details[open] table tbody tr").count()
    context.close()
    return found


def main():
    plan = json.load(sys.stdin)
    os.makedirs(plan["out"], exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=plan["browser"], args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"])
        result = {name: {way: look(chromium, plan, name, way) for way in WAYS} for name in plan["pages"]}
        chromium.close()
    json.dump(result, sys.stdout, ensure_ascii=True)


main()

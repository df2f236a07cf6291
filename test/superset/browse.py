"""Opens Superset's dashboards in Chromium, by a plan (JSON on standard input), and says what it found (JSON on standard output).

plan:   {"address": "http://127.0.0.1:…", "secrets": FILE, "browser": FILE, "out": FOLDER, "seconds": 300,
         "boards": [{"slug": "shopsmart", "tabs": ["Sales", …] or [""], "steps": [STEP…]}]}
step:   {"tab": "Sales", "filter": "Region", "choose": "West"}   a choice of the filter bar, applied
        {"tab": "Sales", "filter": "Date", "from": "2025-10-01", "to": "2025-11-01"}   days of the filter bar, the last one not included
        {"tab": "Restaurants", "cell": "North", "of": "Title"}   a click on that cell of a table: a cross-filter
        "then": ["Stock"] names further tabs to look at while the choice stands
result: for each view (board, tab, and the step if any) its charts with state drawn, empty, failed or waiting; a figure's text, a table's
        cells and whether it is wider than its place, the rows that the server sent, what an empty one says; the notes below them; the seconds it took, the moment it was done and the slowest request for a chart's figures; for each
        board the console's errors, failed requests and requests to anywhere else."""
import json
import os
import re
import sys
import time

from playwright.sync_api import Error, TimeoutError, sync_playwright

CHARTS = """() => [...document.querySelectorAll('[data-test="chart-grid-component"]')].filter(chart => chart.offsetParent !== null).map(chart => {
  const text = selector => chart.querySelector(selector)?.innerText.trim();
  const painted = [...chart.querySelectorAll('canvas')].some(canvas => {
    const pixels = canvas.width && canvas.height ? canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data : [];
    return pixels.some(value => value !== 0);
  });
  const cells = [...chart.querySelectorAll('table tr')].map(row => [...row.querySelectorAll('th, td')].map(cell => cell.innerText.trim()));
  const cut = [...chart.querySelectorAll('table')].some(table => table.getBoundingClientRect().right > chart.getBoundingClientRect().right + 1);
  const failure = text('[role="alert"], .ant-alert-error, [data-test="error-message"]');
  const nothing = chart.querySelector('[data-test="chart-container"]')?.innerText.match(/^(?:Nothing to show|No data|No results were returned).*$/m)?.[0];
  const waiting = chart.querySelector('.loading, [data-test="loading-indicator"]') || !chart.querySelector('[data-test="slice-container"]');
  const drawn = chart.querySelector('[data-test="slice-container"]') && (painted || cells.length > 1 || text('.header-line'));
  return {title: chart.dataset.testChartName, id: chart.dataset.testChartId, nothing, kind: chart.dataset.testVizType, figure: text('.header-line'), cells: cells.length ? cells : undefined, cut, failure,
          state: failure ? 'failed' : nothing ? 'empty' : waiting ? 'waiting' : drawn ? 'drawn' : 'waiting'};
})"""


class Browser:
    def __init__(self, plan, chromium):
        self.plan, self.address = plan, plan["address"]
        self.until = time.monotonic() + plan.get("seconds", 300)
        # Tall enough for every tab, as Superset draws only what is in view.
        self.page = chromium.new_context(viewport={"width": 1440, "height": plan.get("height", 2600)}, color_scheme="light").new_page()
        self.page.on("console", self.console)
        self.page.on("pageerror", lambda error: self.board["errors"].append(f"page: {error}"))
        self.page.on("response", self.response)
        self.page.on("request", self.request)
        self.page.on("dialog", self.dialog)
        self.page.on("requestfinished", self.finished)
        self.board = {"errors": [], "refused": [], "failed": [], "elsewhere": []}
        self.slowest = 0
        self.answers = []

    # The pixel that the policy of superset_config.py refuses is reported once a page: that is the policy at work. So are handlers of
    # events in what Superset looks at to see whether it is HTML.
    def console(self, message):
        if message.type == "error" and "scarf.sh" not in message.text:
            self.board["refused" if message.text.startswith("Executing inline event handler violates") else "errors"].append(message.text)

    def dialog(self, dialog):
        self.board["errors"].append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def response(self, response):
        if response.status >= 400:
            self.board["failed"].append(f"{response.status} {response.url}")
        elif "/api/v1/chart/data" in response.url and response.request.method == "POST":
            self.answers.append(response)

    def request(self, request):
        if not request.url.startswith((self.address, "data:", "blob:")) and "scarf.sh" not in request.url:
            self.board["elsewhere"].append(request.url)

    def finished(self, request):
        if "/api/v1/chart/data" in request.url:
            self.slowest = max(self.slowest, round(request.timing["responseEnd"] / 1000, 3))

    def sign_in(self):
        with open(self.plan["secrets"], encoding="utf-8") as secrets:
            password = re.search(r"^SUPERSET_ADMIN_PASSWORD=(.*)$", secrets.read(), re.M).group(1)
        self.page.goto(self.address + "/login/", timeout=90000)
        self.page.fill('[data-test="username-input"], #username', "admin", timeout=60000)
        self.page.fill("input[type=password]", password)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "/login" not in url, timeout=60000)

    # The charts once none is waiting, or when there is no more time.
    def settled(self, seconds=180):
        deadline = min(time.monotonic() + seconds, self.until)
        charts = []
        while time.monotonic() < deadline:
            charts = self.page.evaluate(CHARTS)
            if charts and all(chart["state"] != "waiting" for chart in charts):
                return charts
            time.sleep(0.5)
        return charts

    # The charts, each with the rows of the last answer to it.
    def with_rows(self, charts):
        sent = {}
        for answer in self.answers:
            try:
                sent[str(answer.request.post_data_json["form_data"].get("slice_id"))] = answer.json()["result"][0]["data"]
            except Error:  # the browser keeps bodies for a while, not for ever: a board that reads anew has dropped it
                continue
        self.answers = []
        for chart in charts:
            chart["rows"] = sent.get(chart["id"])
        return charts

    def shot(self, *names):
        name = "-".join(re.sub(r"[^a-z0-9]+", "_", name.lower()) for name in names if name)
        self.page.mouse.move(0, 0)
        time.sleep(1)  # animations end
        grid = self.page.query_selector('[data-test="dashboard-content-wrapper"]') or self.page
        self.page.screenshot(path=os.path.join(self.plan["out"], name + ".png"), clip=self.extent(grid))

    # From the top of the page to the end of the last chart.
    def extent(self, _):
        bottom = self.page.evaluate("""() => Math.max(600, ...[...document.querySelectorAll('[data-test="chart-grid-component"], .dashboard-markdown')].map(c => c.getBoundingClientRect().bottom))""")
        return {"x": 0, "y": 0, "width": 1440, "height": min(bottom + 40, self.plan.get("height", 2600))}

    def tab(self, title):
        if title:
            self.page.locator(".ant-tabs-tab", has_text=re.compile(f"^{re.escape(title)}$")).first.click(timeout=30000)

    def open_filters(self):
        control = self.page.query_selector('[data-test="filter-bar__expand-button"]')
        if control and control.is_visible():
            control.click()

    def step(self, step):
        with self.page.expect_response(lambda response: "/api/v1/chart/data" in response.url and response.request.method == "POST", timeout=120000):
            if "from" in step:
                self.open_filters()
                name = self.page.locator('[data-test="filter-control-name"]', has_text=re.compile(f"^{re.escape(step['filter'])}$")).first
                name.locator("xpath=ancestor::*[.//*[contains(@class, 'date-label') or contains(@data-test, 'date-filter') or contains(@data-test, 'time-range')]][1]").locator(
                    '.date-label-value, [data-test^="date-filter"], [data-test^="time-range"]').first.click(timeout=30000)
                popover = self.page.locator(".time-range-popover, .ant-popover").last
                inputs = popover.locator('input[type="text"]:not([role="combobox"]), input:not([type]):not([role="combobox"])')
                for last in (False, False, True):  # a list that is just being drawn swallows a click
                    try:
                        popover.locator(".ant-select").first.click(timeout=30000)
                        self.page.locator(".ant-select-item-option", has_text=re.compile("^Advanced$")).first.click(timeout=30000)
                        inputs.nth(1).wait_for(timeout=15000)
                        break
                    except TimeoutError:
                        if last:
                            raise
                inputs.nth(0).fill(step["from"])
                inputs.nth(1).fill(step["to"])
                popover.locator('[data-test="date-filter-control__apply-button"]').click(timeout=60000)
                self.page.locator('[data-test="filter-bar__apply-button"]').click(timeout=30000)
            elif "filter" in step:
                self.open_filters()
                name = self.page.locator('[data-test="filter-control-name"]', has_text=re.compile(f"^{re.escape(step['filter'])}$")).first
                field = name.locator("xpath=ancestor::*[.//input][1]").locator("input").first
                field.click(timeout=30000)
                field.fill(step["choose"])
                self.page.locator(".ant-select-item-option", has_text=re.compile(f"^{re.escape(step['choose'])}$")).first.click(timeout=30000)
                self.page.keyboard.press("Escape")
                self.page.locator('[data-test="filter-bar__apply-button"]').click(timeout=30000)
            else:
                table = self.page.locator(f'[data-test-chart-name="{step["of"]}"]')
                table.locator("td", has_text=re.compile(f"^{re.escape(step['cell'])}$")).first.click(timeout=30000)
        time.sleep(1)

    def view(self, board):
        self.slowest = 0
        self.board = {"slug": board["slug"], "errors": [], "refused": [], "failed": [], "elsewhere": [], "views": []}
        views = self.board["views"]
        started = time.monotonic()
        self.page.goto(f"{self.address}/superset/dashboard/{board['slug']}/", timeout=90000)
        for number, title in enumerate(board["tabs"]):
            if number:
                started = time.monotonic()
                self.tab(title)
            charts = self.settled()
            views.append({"tab": title, "seconds": round(time.monotonic() - started, 2), "ended": time.time(), "slowest": self.slowest, "title": self.page.title(), "charts": self.with_rows(charts),
                          "notes": self.page.evaluate("() => [...document.querySelectorAll('.dashboard-markdown')].filter(n => n.offsetParent !== null).map(n => n.innerText.trim())")})
            self.slowest = 0
            self.shot(board["slug"], title)
        for step in board.get("steps", []):
            try:
                if views[-1].get("step"):  # what the step before chose is gone with the page
                    self.page.goto(f"{self.address}/superset/dashboard/{board['slug']}/", timeout=90000)
                self.tab(step["tab"])
                self.settled()
                self.answers = []
                self.step(step)
                views.append({"tab": step["tab"], "step": step, "charts": self.with_rows(self.settled())})
                self.shot(board["slug"], step["tab"], "by", step.get("filter", "cell"))
                for title in step.get("then", []):
                    self.tab(title)
                    views.append({"tab": title, "step": {**step, "tab": title}, "charts": self.with_rows(self.settled())})
                    self.shot(board["slug"], title, "by", step.get("filter", "cell"))
            except Exception as error:  # pylint: disable=broad-except
                views.append({"tab": step["tab"], "step": step, "charts": [], "error": str(error)})
        return self.board


def main():
    plan = json.load(sys.stdin)
    os.makedirs(plan["out"], exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=plan["browser"], args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"])
        browser = Browser(plan, chromium)
        browser.sign_in()
        boards = [browser.view(board) for board in plan["boards"]]
        chromium.close()
    json.dump({"boards": boards}, sys.stdout, ensure_ascii=True)


main()

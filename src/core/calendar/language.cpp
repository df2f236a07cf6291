#include "core/calendar/language.hpp"

#include "core/calendar/settings.hpp"

namespace starhouse::calendar {

const std::array<std::string_view, translated_holidays> holiday_keys = {"Republic Day",
                                                                        "Maha Shivaratri",
                                                                        "Holi",
                                                                        "Ram Navami",
                                                                        "Mahavir Jayanti",
                                                                        "Good Friday",
                                                                        "Buddha Purnima",
                                                                        "Ambedkar Jayanti",
                                                                        "Independence Day",
                                                                        "Janmashtami",
                                                                        "Gandhi Jayanti",
                                                                        "Dussehra",
                                                                        "Diwali",
                                                                        "Guru Nanak Jayanti",
                                                                        "Christmas Day",
                                                                        "Muharram",
                                                                        "Milad-un-Nabi",
                                                                        "Id-ul-Fitr",
                                                                        "Id-ul-Zuha (Bakrid)"};

namespace {

constexpr Words languages[] = {
    {"en",
     {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"},
     {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"},
     {"January", "February", "March", "April", "May", "June", "July", "August", "September",
      "October", "November", "December"},
     {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
     {"Winter", "Spring", "Summer", "Autumn"},
     {"Winter", "Summer", "Monsoon", "Post-monsoon"},
     {"Night", "Morning", "Afternoon", "Evening"},
     {"Breakfast", "Lunch", "Snack", "Dinner", "Late night"},
     " (estimated)",
     {}},
    {"hi",
     {"सोमवार", "मंगलवार", "बुधवार", "गुरुवार", "शुक्रवार", "शनिवार", "रविवार"},
     {"सोम", "मंगल", "बुध", "गुरु", "शुक्र", "शनि", "रवि"},
     {"जनवरी", "फ़रवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर",
      "दिसंबर"},
     {"जन॰", "फ़र॰", "मार्च", "अप्रैल", "मई", "जून", "जुल॰", "अग॰", "सित॰", "अक्टू॰", "नव॰", "दिस॰"},
     {"शीत", "वसंत", "ग्रीष्म", "शरद"},
     {"शीत", "ग्रीष्म", "मानसून", "मानसूनोत्तर"},
     {"रात", "सुबह", "दोपहर", "शाम"},
     {"नाश्ता", "दोपहर का भोजन", "शाम का नाश्ता", "रात का भोजन", "देर रात"},
     " (अनुमानित)",
     {"गणतंत्र दिवस", "महाशिवरात्रि", "होली", "राम नवमी", "महावीर जयंती", "गुड फ्राइडे", "बुद्ध पूर्णिमा",
      "अंबेडकर जयंती", "स्वतंत्रता दिवस", "जन्माष्टमी", "गांधी जयंती", "दशहरा", "दीपावली", "गुरु नानक जयंती",
      "क्रिसमस", "मुहर्रम", "मिलाद-उन-नबी", "ईद-उल-फ़ितर", "ईद-उल-ज़ुहा (बक़रीद)"}},
    {"mr",
     {"सोमवार", "मंगळवार", "बुधवार", "गुरुवार", "शुक्रवार", "शनिवार", "रविवार"},
     {"सोम", "मंगळ", "बुध", "गुरु", "शुक्र", "शनि", "रवि"},
     {"जानेवारी", "फेब्रुवारी", "मार्च", "एप्रिल", "मे", "जून", "जुलै", "ऑगस्ट", "सप्टेंबर", "ऑक्टोबर", "नोव्हेंबर",
      "डिसेंबर"},
     {"जाने", "फेब्रु", "मार्च", "एप्रि", "मे", "जून", "जुलै", "ऑग", "सप्टें", "ऑक्टो", "नोव्हें", "डिसें"},
     {"हिवाळा", "वसंत", "उन्हाळा", "शरद"},
     {"हिवाळा", "उन्हाळा", "मान्सून", "मान्सूनोत्तर"},
     {"रात्र", "सकाळ", "दुपार", "संध्याकाळ"},
     {"नाश्ता", "दुपारचे जेवण", "संध्याकाळचा नाश्ता", "रात्रीचे जेवण", "मध्यरात्र"},
     " (अंदाजे)",
     {}},
    {"bn",
     {"সোমবার", "মঙ্গলবার", "বুধবার", "বৃহস্পতিবার", "শুক্রবার", "শনিবার", "রবিবার"},
     {"সোম", "মঙ্গল", "বুধ", "বৃহস্পতি", "শুক্র", "শনি", "রবি"},
     {"জানুয়ারি", "ফেব্রুয়ারি", "মার্চ", "এপ্রিল", "মে", "জুন", "জুলাই", "আগস্ট", "সেপ্টেম্বর", "অক্টোবর",
      "নভেম্বর", "ডিসেম্বর"},
     {"জানু", "ফেব", "মার্চ", "এপ্রিল", "মে", "জুন", "জুলাই", "আগস্ট", "সেপ্ট", "অক্টো", "নভে", "ডিসে"},
     {"শীত", "বসন্ত", "গ্রীষ্ম", "শরৎ"},
     {"শীত", "গ্রীষ্ম", "বর্ষা", "বর্ষা-পরবর্তী"},
     {"রাত", "সকাল", "দুপুর", "সন্ধ্যা"},
     {"সকালের নাস্তা", "দুপুরের খাবার", "বিকেলের নাস্তা", "রাতের খাবার", "গভীর রাত"},
     " (আনুমানিক)",
     {}},
    {"de",
     {"Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"},
     {"Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"},
     {"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
      "November", "Dezember"},
     {"Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"},
     {"Winter", "Frühling", "Sommer", "Herbst"},
     {"Winter", "Sommer", "Monsun", "Nachmonsun"},
     {"Nacht", "Vormittag", "Nachmittag", "Abend"},
     {"Frühstück", "Mittagessen", "Zwischenmahlzeit", "Abendessen", "Spätabend"},
     " (geschätzt)",
     {}},
    {"fr",
     {"lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"},
     {"lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."},
     {"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
      "octobre", "novembre", "décembre"},
     {"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.",
      "déc."},
     {"hiver", "printemps", "été", "automne"},
     {"hiver", "été", "mousson", "après-mousson"},
     {"nuit", "matin", "après-midi", "soir"},
     {"petit-déjeuner", "déjeuner", "goûter", "dîner", "fin de soirée"},
     " (estimé)",
     {}},
    {"es",
     {"lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"},
     {"lun", "mar", "mié", "jue", "vie", "sáb", "dom"},
     {"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
      "octubre", "noviembre", "diciembre"},
     {"ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"},
     {"invierno", "primavera", "verano", "otoño"},
     {"invierno", "verano", "monzón", "posmonzón"},
     {"noche", "mañana", "tarde", "atardecer"},
     {"desayuno", "almuerzo", "merienda", "cena", "madrugada"},
     " (estimado)",
     {}},
};

} // namespace

std::string_view Words::holiday(std::string_view english) const noexcept {
  for (std::size_t i = 0; i < translated_holidays; ++i) {
    if (!holidays[i].empty() && holiday_keys[i] == english) {
      return holidays[i];
    }
  }
  return english;
}

const Words &words_of(std::string_view language) {
  for (const Words &words : languages) {
    if (same_word(language, words.code)) {
      return words;
    }
  }
  throw Error(sqlstate::invalid_parameter_value,
              "no names in language \"" + std::string(language) + "\"",
              "Known are en, hi (Hindi), mr (Marathi), bn (Bengali), de, fr and es.");
}

} // namespace starhouse::calendar

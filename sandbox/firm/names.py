"""Names of people, companies and places."""

from __future__ import annotations

FIRST_NAMES = {
    "MCG-US": ("Olivia", "Liam", "Emma", "Noah", "Ava", "Elijah", "Sophia", "James", "Isabella", "Lucas", "Mia",
               "Mateo", "Harper", "Ethan", "Grace", "Daniel", "Camila", "Owen", "Priya", "Marcus"),
    "MCG-UK": ("Amelia", "Oliver", "Isla", "George", "Freya", "Arthur", "Imogen", "Harry", "Zara", "Callum",
               "Eleanor", "Rhys", "Niamh", "Tariq", "Poppy", "Edward"),
    "MCG-DE": ("Lena", "Jonas", "Marie", "Felix", "Hannah", "Maximilian", "Katrin", "Lukas", "Svenja", "Matthias",
               "Anja", "Florian", "Leyla", "Tobias"),
    "MCG-JP": ("Haruto", "Yui", "Sota", "Aoi", "Ren", "Hina", "Daichi", "Sakura", "Kenji", "Mio", "Takumi", "Naoko"),
}  # fmt: skip

LAST_NAMES = {
    "MCG-US": ("Carter", "Nguyen", "Brooks", "Ramirez", "Hughes", "Patel", "Sullivan", "Kim", "Foster", "Diaz",
               "Bennett", "Okafor", "Hayes", "Russo", "Greene", "Walsh", "Lopez", "Fleming", "Stone", "Mercer"),
    "MCG-UK": ("Whitaker", "Ahmed", "Fairclough", "Llewellyn", "Thornton", "Campbell", "Hargreaves", "Shah",
               "Pemberton", "Doyle", "Kingsley", "Osei", "Marlowe", "Sinclair"),
    "MCG-DE": ("Schneider", "Vogel", "Krause", "Hoffmann", "Yilmaz", "Brandt", "Lindner", "Keller", "Arnold",
               "Seidel", "Peters", "Winkler", "Haas"),
    "MCG-JP": ("Tanaka", "Sato", "Suzuki", "Watanabe", "Ito", "Yamamoto", "Nakamura", "Kobayashi", "Mori", "Abe",
               "Hayashi", "Shimizu"),
}  # fmt: skip

COMPANY_WORDS = {
    "MCG-US": ("Harbor", "Lakeside", "Summit", "Redwood", "Bluestone", "Ironbridge", "Prairie", "Cascade", "Beacon",
               "Granite", "Sierra", "Hudson", "Magnolia", "Pinnacle", "Evergreen", "Delta", "Juniper", "Canyon"),
    "MCG-UK": ("Albion", "Thamesgate", "Kingsway", "Northmoor", "Ashdown", "Severn", "Pennine", "Harrow", "Wessex",
               "Cotswold", "Mersey", "Highgate", "Brackley", "Solent"),
    "MCG-DE": ("Rheinwerk", "Hansa", "Elbtal", "Schwarzwald", "Nordlicht", "Isar", "Spree", "Alpenblick", "Havel",
               "Taunus", "Saale", "Weser"),
    "MCG-JP": ("Asahi", "Fujimi", "Kaito", "Minato", "Hikari", "Sumida", "Aoba", "Tokai", "Hinode", "Seiryu", "Kiso"),
}  # fmt: skip

COMPANY_KINDS = (
    ("Logistics", "Transportation"), ("Foods", "Consumer Goods"), ("Energy", "Energy"), ("Health", "Healthcare"),
    ("Insurance", "Insurance"), ("Retail", "Retail"), ("Bank", "Banking"), ("Motors", "Automotive"),
    ("Telecom", "Communications"), ("Pharma", "Life Sciences"), ("Media", "Media"), ("Chemicals", "Chemicals"),
    ("Airlines", "Transportation"), ("Steel & Metals", "Manufacturing"), ("Software", "Technology"),
    ("Hotels & Leisure", "Hospitality"),
)  # fmt: skip

LEGAL_FORMS = {"MCG-US": ("Inc.", "LLC"), "MCG-UK": ("Ltd",), "MCG-DE": ("GmbH", "AG"), "MCG-JP": ("K.K.",)}
#: The same legal form written another way; a difference that is no difference.
FORM_SPELLINGS = {"Inc.": "Inc", "LLC": "L.L.C.", "Ltd": "Ltd.", "GmbH": "GMBH", "AG": "AG", "K.K.": "KK"}

STREETS = {
    "MCG-US": ("Market Street", "Lexington Avenue", "Wacker Drive", "Peachtree Street", "Commerce Way"),
    "MCG-UK": ("Station Road", "Victoria Street", "Queen Square", "Deansgate", "Colmore Row"),
    "MCG-DE": ("Hauptstrasse", "Lindenallee", "Bahnhofstrasse", "Am Kanal", "Goethestrasse"),
    "MCG-JP": ("Marunouchi", "Nihonbashi", "Shiba Koen", "Umeda", "Sakae"),
}
CITIES = {
    "MCG-US": (("Boston", "MA", "02110"), ("Chicago", "IL", "60606"), ("Atlanta", "GA", "30303"),
               ("Denver", "CO", "80202"), ("Seattle", "WA", "98101")),
    "MCG-UK": (("London", "", "EC2A 4NE"), ("Manchester", "", "M3 2BQ"), ("Birmingham", "", "B3 2EW"),
               ("Leeds", "", "LS1 4AP")),
    "MCG-DE": (("Hamburg", "", "20095"), ("Frankfurt am Main", "", "60311"), ("Berlin", "", "10117"),
               ("Stuttgart", "", "70173")),
    "MCG-JP": (("Tokyo", "", "100-0005"), ("Osaka", "", "530-0001"), ("Nagoya", "", "460-0008")),
}  # fmt: skip

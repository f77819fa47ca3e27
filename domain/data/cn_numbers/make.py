"""Makes places.tsv, areas.tsv, carriers.tsv and mobiles.bin from the data of libphonenumber (see PROVENANCE.md).

Usage: python3 make.py FOLDER, where FOLDER holds the unpacked wheel `phonenumbers` from PyPI.
"""
import sys

sys.path.insert(0, sys.argv[1])
from phonenumbers.carrierdata import CARRIER_DATA
from phonenumbers.geodata import GEOCODE_DATA

PROVINCES = {
    "北京": "BJ", "天津": "TJ", "河北": "HE", "山西": "SX", "内蒙古": "NM", "辽宁": "LN", "吉林": "JL", "黑龙江": "HL",
    "上海": "SH", "江苏": "JS", "浙江": "ZJ", "安徽": "AH", "福建": "FJ", "江西": "JX", "山东": "SD", "河南": "HA",
    "湖北": "HB", "湖南": "HN", "广东": "GD", "广西": "GX", "海南": "HI", "重庆": "CQ", "四川": "SC", "贵州": "GZ",
    "云南": "YN", "西藏": "XZ", "陕西": "SN", "甘肃": "GS", "青海": "QH", "宁夏": "NX", "新疆": "XJ",
}
SUFFIXES = ("维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市")


def place(text):
    """A place as code, province and city; a city that is a province counts as both."""
    for short, code in PROVINCES.items():
        if text.startswith(short):
            rest = text[len(short):]
            for suffix in SUFFIXES:
                if rest.startswith(suffix):
                    rest = rest[len(suffix):]
                    break
            province = short if short not in ("北京", "天津", "上海", "重庆") else short + "市"
            city = rest or (province if province.endswith("市") else "")
            return ("CN-" + code, province, city)
    return None


geo = {key[2:]: place(value.get("zh", "")) for key, value in GEOCODE_DATA.items() if key.startswith("86")}
lost = sorted({GEOCODE_DATA["86" + key].get("zh", "-") for key, value in geo.items() if value is None})
places = sorted({value for value in geo.values() if value})
index = {value: number + 1 for number, value in enumerate(places)}
with open("places.tsv", "w") as out:
    out.writelines("\t".join(one) + "\n" for one in places)
mobile = {key: value for key, value in geo.items() if key.startswith("1") and not key.startswith("10")}
with open("areas.tsv", "w") as out:
    for key, value in sorted(geo.items()):
        if key not in mobile and value:
            out.write(f"{key}\t{index[value]}\n")
with open("carriers.tsv", "w") as out:
    for key, value in sorted(CARRIER_DATA.items()):
        if key.startswith("86") and "zh" in value:
            out.write(f"{key[2:]}\t{value['zh']}\t{value['en']}\n")


def varint(number):
    data = bytearray()
    while number >= 0x80:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    data.append(number)
    return bytes(data)


runs = []
for block in range(1_300_000, 2_000_000):
    text = str(block)
    found = next((mobile[text[:size]] for size in range(7, 2, -1) if text[:size] in mobile), None)
    number = index[found] if found else 0
    if runs and runs[-1][1] == number:
        runs[-1][0] += 1
    else:
        runs.append([1, number])
with open("mobiles.bin", "wb") as out:
    for length, number in runs:
        out.write(varint(length) + varint(number))
print(len(places), "places", len(runs), "runs", len(mobile), "prefixes; without a place:", lost)

# Amounts, dates, phones, cards and identity numbers as people write and say them, by public libraries that know
# nothing of ours: `make SEED COUNT` prints texts with what they name, and values with how they are to be read
# back; `back` reads what was said for a value and tells whether it is that value.
import json, random, re, sys
from datetime import datetime, timedelta, timezone
from cn2an import an2cn, cn2an
from num2words import num2words

ZONE = timezone(timedelta(hours=8))
DIGITS = "零一二三四五六七八九"
MONTHS = ("January February March April May June July August September October November December").split()


def spoken_digits(text, one="一"):
    return "".join({"X": "X", "1": one}.get(c) or DIGITS[int(c)] for c in text)


def luhn(digits):
    total = 0
    for place, c in enumerate(reversed(digits)):
        value = int(c) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def card(chance, length):
    start = "6222" + "".join(chance.choice("0123456789") for _ in range(length - 5))
    return next(start + c for c in "0123456789" if luhn(start + c))


def identity(chance):
    born = datetime(1950, 1, 1) + timedelta(days=chance.randrange(20_000))
    start = "110105" + born.strftime("%Y%m%d") + f"{chance.randrange(1000):03}"
    total = sum(int(c) * weight for c, weight in zip(start, (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)))
    return start + "10X98765432"[total % 11]


def amount(chance):
    yuan = chance.randrange(10 ** chance.randrange(1, 8)) + 1
    form = chance.randrange(8)
    if form == 0:
        return f"我还{yuan}元", yuan * 100
    if form == 1:
        return f"一共{yuan:,}元", yuan * 100
    if form == 2:
        return f"我要分期{an2cn(yuan, 'low')}块钱", yuan * 100
    if form == 3:
        return f"{an2cn(yuan, 'low')}元可以吗", yuan * 100
    if form == 4:
        return an2cn(yuan, "rmb"), yuan * 100
    if form == 5:
        fen = chance.randrange(1, 100)
        return f"账单是{yuan}.{fen:02}元", yuan * 100 + fen
    if form == 6:
        jiao, fen = chance.randrange(1, 10), chance.randrange(1, 10)
        return f"{an2cn(yuan, 'low')}元{DIGITS[jiao]}角{DIGITS[fen]}分", yuan * 100 + jiao * 10 + fen
    return f"I will pay {num2words(yuan).replace(',', '')} yuan", yuan * 100


def day(chance):
    date = datetime(2026, 1, 6, tzinfo=ZONE) + timedelta(days=chance.randrange(350))
    month, of_month = an2cn(date.month, "low"), an2cn(date.day, "low")
    form = chance.randrange(6)
    text = [
        f"{date.year}年{date.month}月{date.day}日",
        f"{spoken_digits(str(date.year))}年{month}月{of_month}号",
        f"我{month}月{of_month}号还",
        f"{date.month}月{date.day}号可以",
        f"{date:%Y-%m-%d}",
        f"on {MONTHS[date.month - 1]} {num2words(date.day, to='ordinal')}",
    ][form]
    return text, int(date.timestamp() * 1000)


def phone(chance):
    digits = f"13800138{chance.randrange(1000):03}"
    form = chance.randrange(6)
    text = [
        f"打我{digits}吧",
        f"{digits[:3]} {digits[3:7]} {digits[7:]}",
        f"{digits[:3]}-{digits[3:7]}-{digits[7:]}",
        f"我电话是{spoken_digits(digits, '幺')}",
        f"我的号码{spoken_digits(digits)}",
        "my number is " + " ".join(num2words(int(c)) for c in digits),
    ][form]
    return text, digits


def of_card(chance):
    digits = card(chance, chance.choice((16, 19)))
    groups = [digits[at : at + 4] for at in range(0, len(digits), 4)]
    form = chance.randrange(4)
    text = [
        f"卡号{digits}",
        f"卡号是{' '.join(groups)}",
        f"卡号{spoken_digits(digits, '幺')}",
        f"我的卡{'，'.join(spoken_digits(group) for group in groups)}",
    ][form]
    return text, digits


def of_identity(chance):
    number = identity(chance)
    return [f"身份证{number}", f"身份证号是{spoken_digits(number)}"][chance.randrange(2)], number


def near_card(chance):
    digits = card(chance, 16)
    return f"订单号{digits[:-1]}{(int(digits[-1]) + 1) % 10}", None


KINDS = {"amount": amount, "time": day, "phone": phone, "bank_card": of_card, "identity_number": of_identity,
         "no_bank_card": near_card}


def made(seed, count):
    chance = random.Random(seed)
    texts = []
    for index in range(count):
        kind = list(KINDS)[index % len(KINDS)]
        text, value = KINDS[kind](chance)
        texts.append({"kind": kind, "text": text, "value": value})
    values = []
    for index in range(count):
        fen = chance.randrange(10 ** chance.randrange(1, 10)) + 1
        values.append([
            {"kind": "amount", "fen": fen},
            {"kind": "date", "year": 2026, "month": 1 + index % 12, "day": 1 + index % 28},
            {"kind": "phone", "digits": f"13800138{index % 1000:03}"},
            {"kind": "share", "millionths": chance.randrange(1, 100_000) * 10},
            {"kind": "number", "thousandths": chance.randrange(1, 10_000_000) * 1000},
        ][index % 5])
    return {"texts": texts, "values": values}


def number(words):
    return cn2an(words, "smart") if words else 0


def read_back(value, said):
    kind = value["kind"]
    if kind == "amount":
        parts = re.fullmatch(r"(?:(.+)元)?零?(?:(.)角)?(?:(.)分)?", said)
        return round(number(parts[1]) * 100) + number(parts[2]) * 10 + number(parts[3]) == value["fen"]
    if kind == "date":
        year, month, of_month = re.fullmatch(r"(.{4})年(.+)月(.+)日", said).groups()
        read = int("".join(str(DIGITS.index(c)) for c in year)), number(month), number(of_month)
        return read == (value["year"], value["month"], value["day"])
    if kind == "phone":
        plain = said.replace("，", "").replace("幺", "一")
        return "".join(str(DIGITS.index(c)) for c in plain) == value["digits"]
    if kind == "share":
        return round(number(said.removeprefix("百分之")) * 10_000) == value["millionths"]
    return number(said) * 1000 == value["thousandths"]


def back():
    wrong = []
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            same = read_back(asked["value"], asked["said"])
        except Exception as error:
            same, asked["error"] = False, str(error)
        if not same:
            wrong.append(asked)
    print(json.dumps({"wrong": wrong}, ensure_ascii=False))


if sys.argv[1] == "make":
    print(json.dumps(made(int(sys.argv[2]), int(sys.argv[3])), ensure_ascii=False))
else:
    back()

"""Judges dials by the texts of the rules, with Python's own clock (zoneinfo) and its own tables.

Reads a case a line, as JSON with our answer in `said`; writes one line: how many cases, how many disagree.
Shares no code and no table with what it judges.
"""

import json
import re
import sys
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

UTC = timezone.utc
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BEIJING = "Asia/Shanghai"
# Since when a plan for agents that sells by telephone names its seller.
SELLER_SINCE = datetime(2026, 11, 26, tzinfo=UTC)

# opens and closes (minutes), zone named by the text, consent needed whatever the basis
PRESETS = {
    "cn-service": (540, 1200, BEIJING, False),
    "cn-marketing": (540, 1200, BEIJING, True),
    "cn-collection": (480, 1320, BEIJING, False),
    "cn-cloud-trunk": (480, 1260, BEIJING, False),
    "us-tsr": (480, 1260, None, True),
    "us-regf": (480, 1260, None, True),
    "eu-gdpr": (540, 1200, None, True),
}

COUNTRIES = {"+1202": [
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
    "America/Anchorage", "America/Adak", "Pacific/Honolulu"],
    "+44": ["Europe/London"],
    "+34": ["Europe/Madrid", "Atlantic/Canary"]}

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def spans(*pairs):
    days = set()
    for first, last in pairs:
        day, end = date.fromisoformat(first), date.fromisoformat(last)
        while day <= end:
            days.add(day)
            day += timedelta(days=1)
    return days


# The notice for 2026 of 4 November 2025; for 2027 the days of the law with the usual days around them.
HOLIDAYS = {
    2026: spans(("2026-01-01", "2026-01-03"), ("2026-02-15", "2026-02-23"), ("2026-04-04", "2026-04-06"),
                ("2026-05-01", "2026-05-05"), ("2026-06-19", "2026-06-21"), ("2026-09-25", "2026-09-27"),
                ("2026-10-01", "2026-10-07")),
    2027: spans(("2027-01-01", "2027-01-03"), ("2027-02-05", "2027-02-13"), ("2027-04-03", "2027-04-05"),
                ("2027-05-01", "2027-05-05"), ("2027-06-09", "2027-06-09"), ("2027-09-15", "2027-09-15"),
                ("2027-10-01", "2027-10-07")),
}
WORKED = spans(*[(day, day) for day in
                 ("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10")])


def moment(micros):
    return EPOCH + timedelta(microseconds=micros)


def fixed_offset(zone, phone):
    """A zone without a region: it says nothing where clocks change."""
    if zone in ("EST", "MST", "HST"):
        return True
    without_region = zone.startswith("Etc/") or zone in ("UTC", "UCT", "GMT", "GMT0", "GMT+0", "GMT-0",
                                                         "Greenwich", "Universal", "Zulu")
    return without_region and phone.startswith(("+1", "+44"))


def callee_zones(case):
    phone, zone = case["phone"], case["time_zone"]
    if zone is not None:
        try:
            ZoneInfo(zone)
        except Exception:
            return [BEIJING] if phone.startswith("+86") else None
        if fixed_offset(zone, phone):
            return None
        if phone.startswith("+86"):
            chinese = ("Asia/Shanghai", "Asia/Urumqi", "Asia/Chongqing", "Asia/Harbin", "Asia/Kashgar", "PRC")
            return [BEIJING] if zone in chinese else [BEIJING, zone]
        return [zone]
    if phone.startswith("+86"):
        return [BEIJING]
    for prefix, zones in COUNTRIES.items():
        if phone.startswith(prefix):
            return zones
    return None


def zones_of(case):
    zones = callee_zones(case)
    named = PRESETS[case["plan"]["preset"]][2]
    if zones is None:
        return None
    return list(dict.fromkeys(zones + ([named] if named else [])))


def minutes(text):
    hours, mins = text.split(":")
    return int(hours) * 60 + int(mins)


def in_hours(case, at):
    plan = case["plan"]
    opens, closes, _, _ = PRESETS[plan["preset"]]
    zones = zones_of(case)
    if zones is None:
        return False
    start, end = minutes(plan["window"]["start"]), minutes(plan["window"]["end"])
    for zone in zones:
        there = at.astimezone(ZoneInfo(zone))
        minute = there.hour * 60 + there.minute
        if not (opens <= minute < closes and start <= minute < end):
            return False
        if any(minutes(one) <= minute < minutes(other) for one, other in plan["window"]["rests"]):
            return False
    return True


def on_calling_day(case, at, asked=None):
    """Of a year without its file nothing is known: not called, and asked again from the next day on, by when it
    may have come. Where `asked` is given, so much is assumed of the days behind it."""
    days = case["plan"].get("days")
    if days is None or (days["holidays"] == "ignore" and not days.get("rest_days")):
        return True
    zones = zones_of(case)
    if zones is None:
        return False
    for zone in zones:
        day = at.astimezone(ZoneInfo(zone)).date()
        rests = WEEKDAYS[day.weekday()] in days.get("rest_days", [])
        if days["holidays"] == "observe":
            if not case["plan"]["preset"].startswith("cn-") or day.year not in HOLIDAYS:
                if asked is None or day <= asked.astimezone(ZoneInfo(zone)).date():
                    return False
            elif day in HOLIDAYS[day.year]:
                return False
            else:
                rests = rests and day not in WORKED
        if rests:
            return False
    return True


def consented(case, at):
    plan, consent = case["plan"], case["consent"]
    if not (PRESETS[plan["preset"]][3] or plan["basis"] == "consent"):
        return True
    if consent is None or moment(consent["given_at"]) > at:
        return False
    return consent["until"] is None or at < moment(consent["until"])


def at_home(case, at, asked=None):
    if case["plan"]["preset"] != "cn-cloud-trunk" or not case["phone"].startswith("+86"):
        return True
    # Of these no place is known; a list may have said one a day later.
    if case["phone"].startswith(("+8616", "+8619")):
        return asked is not None and at >= asked + timedelta(hours=24)
    # Beijing's area code, and one range of its mobile numbers; of no other number is it known here that it may.
    return case["phone"].startswith(("+8610", "+861380013"))


def country_known(case, at, asked=None):
    """Under a preset of another country a Chinese number is not called if it was stored without a country
    code; a day later a user may have confirmed it."""
    if not case["further"]["guessed_country"] or case["plan"]["preset"].startswith("cn-"):
        return True
    return asked is not None and at >= asked + timedelta(hours=24)


def same_days(case, at, zone, count):
    here = ZoneInfo(zone)
    today = at.astimezone(here).date()
    return [answered for micros, answered in case["dials"]
            if (today - moment(micros).astimezone(here).date()).days < count]


def within(case, at, span):
    return [answered for micros, answered in case["dials"] if at - moment(micros) < span]


def below_caps(case, at):
    preset = case["plan"]["preset"]
    if preset in ("cn-service", "cn-marketing"):
        return len(same_days(case, at, BEIJING, 1)) < 2
    if preset == "cn-cloud-trunk":
        return len(within(case, at, timedelta(hours=24))) < 5 and len(within(case, at, timedelta(minutes=5))) < 3
    if preset == "cn-collection":
        zones = zones_of(case)
        if zones is None or same_days(case, at, BEIJING, 1).count(False) >= 6:
            return False
        return all(same_days(case, at, zone, 1).count(True) < 3 for zone in zones)
    if preset == "us-regf":
        zones = zones_of(case)
        if zones is None:
            return False
        weeks = [same_days(case, at, zone, 7) for zone in zones]
        return all(len(week) < 7 and True not in week for week in weeks)
    return True


def names_seller(seller):
    """16 CFR 310.4(b)(4)(iii): a callee without a free agent hears a name and a number; one that can be called."""
    return seller is not None and seller["name"].strip() != "" and re.fullmatch(r"\+[0-9]{7,15}",
                                                                                seller["number"]) is not None


def allowed_to_sell(case, at, asked=None):
    """16 CFR 310.4: the registry's version no more than 31 days before the day of the call, wherever that is; at
    most 3 in 100 of those who answered abandoned, of the first hundred 3; a person takes over. Where `asked` is
    given, a newer list, a better share and agents may have come by then, but a robot becomes no person."""
    if case["plan"]["preset"] != "us-tsr":
        return True
    if (case["plan"].get("screening") or {}).get("relief") != "agents":
        return False
    if at >= SELLER_SINCE and not names_seller(case["plan"].get("seller")):
        return False
    if asked is not None:
        return at >= asked + timedelta(hours=24) or allowed_to_sell(case, asked)
    zones = zones_of(case)
    if zones is None or case["registry"] is None or not case["agents"] or case["abandoned"] is None:
        return False
    as_of, area = case["registry"]
    if area is not None and not case["phone"].startswith("+1" + area):
        return False
    latest = max(at.astimezone(ZoneInfo(zone)).date() for zone in zones)
    answers, drops = case["abandoned"]
    return (latest - date.fromisoformat(as_of)).days <= 31 and 100 * drops <= 3 * max(answers, 100)


def retries_left(case):
    """So many retries that count, and so many dials that do not, of which the first may always be; calls in all."""
    policy, charged = case["plan"]["retry_policy"], case["further"]["charged"]
    uncharged = len(case["dials"]) - charged
    if policy.get("calls_max") is not None and len(case["dials"]) >= policy["calls_max"]:
        return False
    return charged <= policy["retries_max"] and (uncharged == 0 or uncharged < policy["uncharged_max"])


def preferred(case, at):
    spans = case["further"]["preferred"]
    if not spans:
        return True
    zones = zones_of(case)
    return zones is not None and all(any(in_span(span, at.astimezone(ZoneInfo(zone))) for span in spans)
                                     for zone in zones)


def in_span(text, there):
    days, hours = text.split(" ")
    first, last = days.split("-") if "-" in days else (days, days)
    begins, ends = hours.split("-")
    on_day = WEEKDAYS.index(first) <= there.weekday() <= WEEKDAYS.index(last)
    return on_day and minutes(begins) <= there.hour * 60 + there.minute < minutes(ends)


def below_own_cap(case, at):
    """All prepared dials are of one campaign: a cap of the matter counts what one of the person does."""
    cap = case["further"]["own_cap"]
    if cap is None:
        return True
    zones = zones_of(case)
    counts = {"dialed": lambda dials: len(dials), "answered": lambda dials: dials.count(True),
              "unanswered": lambda dials: dials.count(False)}[cap["counted"]]
    return zones is not None and all(
        counts(same_days(case, at, zone, cap["local_days"])) < cap["calls_max"] for zone in zones)


def other_id_allows(case, at):
    """What was said under another id of the person was said by the person; of consent the last word counts."""
    other, consent = case["further"]["other"], case["consent"]
    if other is None:
        return True
    if other["erasing"]:
        return False
    withdrawn_at = other["withdrawn_at"]
    if withdrawn_at is not None and (consent is None or consent["given_at"] <= withdrawn_at):
        return False
    return other["suppressed_until"] is None or at >= moment(other["suppressed_until"])


def number_allows(case, at, asked=None):
    """A demanded list has it; a demanded check found it fit at most so many days ago; no other customer has it;
    and no call to it is open now, which takes 310 s at most. A missing check may have come an hour later."""
    plan, further = case["plan"], case["further"]
    screening = plan.get("screening") or {}
    wanted = screening.get("only_listed_on")
    if wanted is not None and further["listed_on"] != wanted:
        return False
    demanded = screening.get("number_check")
    if demanded is not None:
        state, checked_at = further["checked"] or (None, None)
        age = None if state is None else (at - moment(checked_at)) // timedelta(milliseconds=1)
        is_fresh = age is not None and age <= demanded["max_age_days"] * 24 * 3_600_000
        if is_fresh and state in demanded["refuse"]:
            return False
        if not is_fresh and (asked is None or at < asked + timedelta(hours=1)):
            return False
    if plan.get("duplicates") == "by_number" and further["claimed"]:
        return False
    return further["open_since"] is None or at >= moment(further["open_since"]) + timedelta(seconds=310)


def ours_under_test(case, at, asked=None):
    """A test for our own phones calls no others; a day later the campaign may have gone on."""
    stages = case["plan"].get("stages") or {}
    if stages.get("from") != "test" or not stages.get("own_phones") or case["own_phone"]:
        return True
    return asked is not None and at >= asked + timedelta(hours=24)


def lawful(case, at, asked=None):
    plan, further = case["plan"], case["further"]
    if further["unknowable"] or further["erasing"] or not retries_left(case):
        return False
    if not (preferred(case, at) and below_own_cap(case, at) and other_id_allows(case, at)
            and number_allows(case, at, asked) and ours_under_test(case, at, asked)):
        return False
    ends_at = plan.get("ends_at")
    if ends_at is not None and at >= datetime.fromisoformat(ends_at.replace("Z", "+00:00")):
        return False
    if case["opted_out"] or case["hashed"] or not allowed_to_sell(case, at, asked):
        return False
    if case["suppressed_until"] is not None and at < moment(case["suppressed_until"]):
        return False
    return (consented(case, at) and at_home(case, at, asked) and country_known(case, at, asked) and in_hours(case, at) and on_calling_day(case, at, asked)
            and below_caps(case, at))


def between(first, last, count):
    """Instants from the first on, before the last."""
    step = (last - first) / count
    return [first + step * index for index in range(count)] + [last - timedelta(microseconds=1)]


def main():
    result = {"cases": 0, "disagreements": 0, "lawful_refused": 0, "permitted": 0, "not_before_checked": 0,
              "first": []}
    for line in sys.stdin:
        case = json.loads(line)
        result["cases"] += 1
        at, said = moment(case["at"]), case["said"]
        expected = lawful(case, at)
        result["permitted"] += expected
        wrong = []
        if expected != said["permitted"]:
            result["lawful_refused"] += expected
            wrong.append("permitted is %s" % expected)
        # The end of a pause or a hold is unknown: it is taken to be over when that is asked.
        if not said["permitted"] and said["not_before"] is not None and not case["further"]["unknowable"]:
            result["not_before_checked"] += 1
            opens = moment(said["not_before"])
            if opens <= at or not lawful(case, opens, at):
                wrong.append("not_before is not lawful")
            early = [other for other in between(at, opens, 12) if lawful(case, other, at)]
            if early:
                result["lawful_refused"] += 1
                wrong.append("lawful at %s already" % early[0].isoformat())
        if wrong:
            result["disagreements"] += 1
            if len(result["first"]) < 5:
                result["first"].append({"wrong": wrong, "case": case})
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()

"""Runs a campaign with the generated Python client: creates it with a webhook, and follows its events.

Arguments: the server's URL, the receiver's URL, the file of the receiver's secrets, the campaign's id, the
phone of its one customer. The API key is in LEDGERLINE_KEY. Prints one JSON line when the campaign is completed.
"""

import json
import os
import sys
import urllib.parse
import urllib.request

import ledgerline_client as api

# The kinds that the webhook sends, in the campaign's order.
KINDS = ["campaign.started", "call.ended", "campaign.completed"]
# The server sends at least a comment each 15 s, so a stream that is silent for longer is broken.
SILENCE_SECONDS = 60

url, receiver, secrets, campaign, phone = sys.argv[1:]
client = api.ApiClient(api.Configuration(host=url, access_token=os.environ["LEDGERLINE_KEY"]))
campaigns, events = api.CampaignsApi(client), api.EventsApi(client)


def wait_for_event(kind):
    """Reads the stream of the campaign's events until one is of this kind."""
    query = urllib.parse.urlencode({"after": 0, "campaign": campaign, "kind": kind})
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {os.environ['LEDGERLINE_KEY']}"}
    request = urllib.request.Request(f"{url}/api/v1/events/stream?{query}", headers=headers)
    with urllib.request.urlopen(request, timeout=SILENCE_SECONDS) as stream:
        # The data of an event has its kind; that of a note such as `caught-up` has none.
        data = (json.loads(line[len(b"data:") :]) for line in stream if line.startswith(b"data:"))
        if not any(one.get("type") == kind for one in data):
            raise RuntimeError(f"the stream ended before {kind}")


created = campaigns.create_campaign(
    api.CampaignBody.from_dict(
        {
            "task_id": campaign,
            "customer_segment": "clients",
            "script_template": "您好，这里是示例银行，您的账单将于三天后到期，请按时还款。",
            "schedule": {"start_time": "09:00", "end_time": "18:00", "max_concurrent": 5},
            "ends_at": "2026-03-02T18:00:00+08:00",
            "retry_policy": {"retries_max": 0},
        }
    )
)
webhook = api.WebhooksApi(client).add_webhook(
    api.WebhookRequest(url=receiver, allow_private=True, events=KINDS, campaigns=[campaign])
)
with open(secrets, "a", encoding="utf-8") as file:
    file.write(f"{webhook.secret}\n")
record = {"customer_id": f"{campaign}-1", "phone": phone}
enrolled = api.TasksApi(client).enrol_customers(api.TaskData.from_dict({"task_id": campaign, "records": [record]}))
campaigns.start_campaign(campaign)

wait_for_event("campaign.completed")
kinds, after, end = [], 0, False
while not end:
    page = events.list_events(after=after, campaign=campaign)
    kinds.extend(event.type for event in page.items)
    after, end = int(page.next), int(page.next) == after

try:
    campaigns.get_campaign("NOT-THERE")
    missing = None
except api.ApiException as refusal:
    missing = json.loads(refusal.body)["code"]
print(json.dumps({"campaign": created.id, "enrolled": enrolled.enrolled, "kinds": kinds, "missing": missing}))

# Verifies each message of its standard input with the public library; a changed byte must not pass.
import json, sys
from standardwebhooks import Webhook
verified = wrong = 0
for line in sys.stdin:
    message = json.loads(line)
    try:
        Webhook(message["secret"]).verify(message["body"], message["headers"])
        verified += 1
    except Exception:
        wrong += 1
    # A byte that was changed must not pass.
    try:
        Webhook(message["secret"]).verify(message["body"] + " ", message["headers"])
        wrong += 1
    except Exception:
        pass
print(json.dumps({"verified": verified, "wrong": wrong}))

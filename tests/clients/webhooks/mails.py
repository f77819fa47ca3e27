# A mail server on a port of its own that prints what it takes, until its standard input ends.
import socket
import sys
from email import message_from_bytes
from email.header import decode_header, make_header
from aiosmtpd.controller import Controller
class Printed:
    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content)
        subject = str(make_header(decode_header(message["subject"])))
        print("MAIL", ",".join(envelope.rcpt_tos), subject.replace("\n", " "), flush=True)
        return "250 taken"
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
controller = Controller(Printed(), hostname="127.0.0.1", port=port)
controller.start()
print("PORT", port, flush=True)
sys.stdin.read()

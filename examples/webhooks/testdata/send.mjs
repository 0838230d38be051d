// Sends deliveries that the senders' own libraries sign. Standard input has the
// program's address and secrets as a JSON object; standard output gets what was
// answered, sender by sender and step by step. Run it in the folder that has the
// libraries (--input-type=module --eval resolves them there).
import { createHmac, randomUUID } from "node:crypto";
import { text } from "node:stream/consumers";
import { sign } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";

const stripe = new Stripe("sk_test_unused");
const now = new Date();
const seconds = String(Math.floor(now / 1000));
const id = randomUUID();

// Each returns the headers that the sender adds.
const senders = {
  github: {
    type: "application/json",
    body: '{"ref":"refs/heads/main","note":"řeřicha ☃"}',
    headers: async (secret, body) => ({
      "x-github-event": "push",
      "x-github-delivery": id,
      "x-hub-signature-256": await sign(secret, body),
    }),
  },
  stripe: {
    type: "application/json; charset=utf-8",
    body: '{\n  "id": "evt_2",\n  "object": "event",\n  "type": "invoice.paid"\n}',
    headers: (secret, body) => ({
      "stripe-signature": stripe.webhooks.generateTestHeaderString({ payload: body, secret }),
    }),
  },
  // Slack's library only verifies. docs.slack.dev: Verifying requests from Slack.
  slack: {
    type: "application/x-www-form-urlencoded",
    body: "command=%2Fdeploy&text=r%C3%BDma+main&user_name=ada",
    headers: (secret, body) => ({
      "x-slack-request-timestamp": seconds,
      "x-slack-signature": "v0=" + createHmac("sha256", secret).update(`v0:${seconds}:${body}`).digest("hex"),
    }),
  },
  standard: {
    type: "application/json",
    body: '{"type":"contact.created","data":{"name":"Žofie"}}',
    headers: (secret, body) => ({
      "webhook-id": id,
      "webhook-timestamp": seconds,
      "webhook-signature": new Webhook(secret).sign(id, now, body),
    }),
  },
};

const { base, secrets, others } = JSON.parse(await text(process.stdin));
const answers = {};
for (const [name, { type, body, headers }] of Object.entries(senders)) {
  const send = async (signed, sent) => {
    const response = await fetch(`${base}/hooks/${name}`, {
      method: "POST", headers: { "content-type": type, ...signed }, body: sent,
    });
    return { status: response.status, body: await response.text() };
  };
  const genuine = await headers(secrets[name], body);
  const forged = await headers(others[name], body);
  answers[name] = {
    "another secret": await send(forged, body), // first: it must not use up the delivery
    "genuine": await send(genuine, body),
    "repeated": await send(genuine, body),
    "another body": await send(genuine, body.replace("a", "b")),
  };
}
console.log(JSON.stringify(answers));

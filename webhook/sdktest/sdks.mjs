// Puts the senders' own libraries at the disposal of the tests beside this
// file: a JSON object a line comes in on standard input, and one goes out for
// each on standard output.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { sign, verify } from "@octokit/webhooks-methods";
import { Webhooks, createNodeMiddleware } from "@octokit/webhooks";
import bolt from "@slack/bolt";
import Stripe from "stripe";
import { Webhook as Svix } from "svix";
import { Webhook as Standard } from "standardwebhooks";

const stripe = new Stripe("sk_test_unused");
const seconds = (time) => new Date(time * 1000);
const listening = (server) =>
  new Promise((done) => server.listen(0, "127.0.0.1", () => done(server.address().port)));

// triple signs with the three headers of Standard Webhooks.
const triple = (prefix, type) => ({
  sign: ({ secret, body, time, id }) => ({
    [`${prefix}-id`]: id,
    [`${prefix}-timestamp`]: String(time),
    [`${prefix}-signature`]: new type(secret).sign(id, seconds(time), body),
  }),
  verify: ({ secret, body, headers }) => {
    new type(secret).verify(body, headers);
    return true;
  },
});

const sdks = {
  octokit: {
    sign: async ({ secret, body }) => ({ "x-hub-signature-256": await sign(secret, body) }),
    verify: ({ secret, body, headers }) => verify(secret, body, headers["x-hub-signature-256"]),
    serve: ({ secret, seen }) => {
      const webhooks = new Webhooks({ secret, log: { debug() {}, info() {}, warn() {}, error() {} } });
      webhooks.onAny(({ name, payload }) => seen.push({ name, payload }));
      return listening(createServer(createNodeMiddleware(webhooks, { path: "/" })));
    },
  },
  stripe: {
    sign: ({ secret, body, time }) => ({
      "stripe-signature": stripe.webhooks.generateTestHeaderString({ payload: body, secret, timestamp: time }),
    }),
    verify: ({ secret, body, headers }) => {
      stripe.webhooks.constructEvent(body, headers["stripe-signature"], secret);
      return true;
    },
  },
  svix: triple("svix", Svix),
  standardwebhooks: triple("webhook", Standard),
  bolt: {
    serve: async ({ secret, seen }) => {
      const quiet = { debug() {}, info() {}, warn() {}, error() {}, setLevel() {}, getLevel: () => "error", setName() {} };
      const receiver = new bolt.HTTPReceiver({ signingSecret: secret, endpoints: ["/"], logger: quiet });
      const app = new bolt.App({
        receiver, logger: quiet, tokenVerificationEnabled: false, deferInitialization: true,
        authorize: async () => ({ botToken: "xoxb-unused", botId: "B1", botUserId: "U1" }),
      });
      await app.init();
      app.event("app_mention", async ({ event }) => { seen.push({ name: event.type, payload: event }); });
      return listening(createServer(receiver.requestListener.bind(receiver)));
    },
  },
};

const seen = {};

const answer = async ({ sdk, op, ...args }) => {
  if (op === "seen") return seen[sdk] ?? [];
  if (op === "serve") return sdks[sdk].serve({ ...args, seen: (seen[sdk] = []) });
  return sdks[sdk][op](args);
};

for await (const line of createInterface({ input: process.stdin })) {
  const reply = await Promise.resolve(answer(JSON.parse(line))).then(
    (result) => ({ result }),
    (error) => ({ error: String(error.message ?? error) }),
  );
  process.stdout.write(JSON.stringify(reply) + "\n");
}
process.exit(0);

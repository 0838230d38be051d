// Package webhook tells whether a delivery is genuine, fresh and new.
//
//	hook, err := webhook.NewReceiver(webhook.Config{
//		Verifier: &webhook.GitHub{Secrets: webhook.Static(secret)},
//		Handle: func(ctx context.Context, d webhook.Delivery) error {
//			return jobs.Enqueue(ctx, d.ID, d.Event, d.Body)
//		},
//	})
//	if err != nil {
//		return err // no usable secret, no receiver
//	}
//	mux.Handle("/hooks/github", hook)
//
// Config.Handler takes a plain http.Handler instead, which reads the body again
// from the request and finds the Delivery with FromContext. Verify does the
// first half without any HTTP: headers and bytes in, a Delivery out.
//
// # The rules
//
// A request is checked in this order, and the first thing that is wrong decides:
// method (405), secrets (500), declared length (413), the headers that
// authenticate, once each (401), their syntax (401), the time (401), the body
// under the limit, hashed as it is read (413), the signature (401), the media
// type (415), the body's shape (400), the event (400 if there must be one). Then
// a handshake or test message is answered, then the replay memory is asked, then
// the handler runs. Refusals have an empty body, and every failure to
// authenticate looks the same; the Reason is for the log.
//
//   - The bytes are signed as received. Nothing is decoded before it is known to
//     be genuine.
//   - No secret is never no check: empty secrets are dropped, and if none is left
//     NewReceiver fails, or, where secrets come from a function, the request does.
//   - Several secrets may be live; Delivery.Secret says which one matched.
//   - A header that authenticates and occurs twice is refused, even if both are
//     right. Hex is taken in either case, base64 in its one canonical spelling.
//   - A signed time may lie DefaultTolerance before or after now, inclusive.
//   - JSON is one value in valid UTF-8, nested at most MaxNesting deep.
//   - A delivery is remembered by its signature, and by its id if that is signed.
//     A repeat is answered with 200 and not run. One that is being handled is
//     answered with 503 and Retry-After. One whose handler failed is forgotten,
//     so that the sender's retry runs.
//   - No URL that a request brings is ever fetched.
//   - Secrets do not print, whatever they are a part of.
//
// # Memory
//
// A body is hashed as it is read. A Receiver has it in memory for the handler,
// up to MaxBody: a declared length is believed only as far as bytes arrive, and
// Config.Lend keeps the memory for the next body where handlers are done with it
// when they return. Verify by itself takes a Message.Sink instead, and then a
// body of any size passes through a few kilobytes.
//
// # Functions 1.x
//
// NewFunctions receives for a function whose trigger has a webHookType, in one
// of two profiles. Compat answers as the receivers of Functions 1.x do: the
// caller names the key, the order of checks is each receiver's own, failures are
// 400, and the master key gets past. The Default profile verifies the same
// senders by what they send today.
//
// # Differences
//
// Of the Default profile from Functions 1.x:
//
//   - A delivery that comes twice runs once.
//   - GitHub is verified by SHA-256, Slack by its signing secret, Bitbucket and
//     Stripe by their signatures. SHA-1 takes InsecureSHA1.
//   - Failures to authenticate are 401.
//   - A receiver without a usable secret, or of an unknown type, is not made.
//   - sfsoap is no type: the organization's id, which it takes for a secret, is
//     none.
//   - The master key does not get past the receiver, and an access code is taken
//     out of the query before the handler sees it.
//
// Of both profiles from Functions 1.x, where following would be unsafe:
//
//   - JSON is read strictly: what is cut off, followed by more text, or has
//     comments, single quotes, unquoted names or NaN, is 400, and UTF-16 is 415.
//   - Refusals have an empty body. There, a message repeats the names of the
//     receiver, the function and the key.
//   - Keys are compared by digests, so that not even their length shows.
//   - stripe verifies Stripe-Signature. Release 1.2.0 verifies nothing, and asks
//     Stripe for the event.
//   - A function of type sfsoap that fails answers for itself. There, the
//     message is acknowledged all the same, and is lost.
//   - The list of secrets of pusher is read for every request. There, a changed
//     key takes a restart.
//
// # Sources
//
// Azure/azure-functions-host, branch v1.x, src/WebJobs.Script.WebHost/WebHooks;
// aspnet/AspNetWebHooks 1.2.0, src/Microsoft.AspNet.WebHooks.Receivers.*; the
// documents of each sender, named with its verifier.
package webhook

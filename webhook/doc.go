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
//
// # Differences
//
// From the receivers of Functions 1.x:
//
//   - A delivery that comes twice runs once. They run it twice.
//   - GitHub is verified by SHA-256. They know only SHA-1, which takes
//     GitHub.InsecureSHA1 here.
//   - Failures to authenticate are 401. They answer 400.
//
// # Sources
//
// Azure/azure-functions-host, branch v1.x, src/WebJobs.Script.WebHost/WebHooks;
// aspnet/AspNetWebHooks 1.2.0, src/Microsoft.AspNet.WebHooks.Receivers.*; the
// documents of each sender, named with its verifier.
package webhook

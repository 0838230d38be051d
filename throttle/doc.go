// Package throttle bounds how much runs at once, how often and how large.
//
//	size := &throttle.RequestLimit{MaxBody: 1 << 20}
//	gate, err := throttle.NewGate(throttle.GateConfig{MaxConcurrent: 100, MaxOutstanding: 200})
//	if err != nil {
//		return err
//	}
//	mux.Handle("POST /orders", size.Wrap(gate.Wrap(orders)))
//
// # Which limiter for which worry
//
//   - [RequestLimit]: requests too large to take. It costs nothing and stands first.
//   - [Gate]: more at once than there is memory or a database for. Requests run, wait
//     in order of arrival, or are rejected.
//   - [Rate]: too often, for each key or client. It belongs behind the key check if it
//     counts by key; [ClientAddress] tells strangers apart.
//   - [DynamicThrottle]: the machine itself is short of something, whoever asks. Its
//     probes: [Memory], [Heap], [CPU], [Pressure], [Goroutines], [FileDescriptors],
//     [Connections], [Counters], and your own.
//
// [AIMD], [Vegas] and [Gradient2] find a limit from samples, for those who set a gate's
// MaxConcurrent by what they measure.
//
// [Monitor] shows their state to readiness checks and to scalers.
//
// Every limiter has a decision that returns an error (Check, Acquire) and a Wrap that
// turns it into HTTP: an empty body, the status of [RejectedError.StatusCode], and
// Retry-After where the time is known. Nothing here wraps a ResponseWriter.
//
// # Rules of the gate
//
//   - Full: a request that finds MaxOutstanding inside, running and waiting, is
//     rejected at once. It never waits for room.
//   - Otherwise it runs if fewer than MaxConcurrent run and nobody waits, else it
//     waits. Those who wait start in the order they arrived; they end in any order.
//   - A place is given back when the handler returns, panics or ends its goroutine,
//     and goes to the first who waits; or before, when a handler that has only a
//     stream to send calls ReleaseEarly. A client that leaves while its request runs
//     frees nothing: the work is still being done.
//   - A client that leaves while its request waits frees its place in the line at
//     once, or rather as soon as the server knows: on HTTP/1 net/http does not look
//     while there is a body that nobody has read. MaxWait bounds that.
//   - Retry-After is the smoothed time a request takes, times the requests that wait
//     and one, divided by those that run: the time after which somebody who joins the
//     line now would start. It is rounded up to seconds and kept within bounds.
//
// # Differences
//
// From the source, which is the Azure Functions host; the Compat fields undo them:
//
//   - A refusal carries Retry-After and no X-FUNCTION-SCALEOUT.
//   - A request whose client left does not run when its turn comes.
//   - A body that declares itself too long is refused with 413 before it is read; the
//     source fails at the first read, and answers 500 then.
//   - The request target is held to the documented 4,096 bytes, not to the 8,192 of
//     the server's request line.
//   - A chunked body is measured without its framing.
//   - The dynamic throttle has a threshold of one's own, a gap between exceeded and
//     recovered, and samples beside the requests. Counters that cannot be read count as
//     not exceeded in Compat too: the source answers 500 then. And a throttle that is
//     switched off rejects nothing, where the source may go on rejecting. (The host of
//     package trigger does both in Compat.)
//
// # Sources
//
// HttpThrottleMiddleware.cs, HttpRequestQueue.cs, HttpOptionsSetup.cs,
// HttpRequestBodySizeMiddleware.cs, HostPerformanceManager.cs and ScriptConstants.cs of
// azure-functions-host;
// HttpOptions.cs of azure-webjobs-sdk-extensions; the limits of Netflix's
// concurrency-limits; draft-ietf-httpapi-ratelimit-headers-10.
package throttle

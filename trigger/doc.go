// Package trigger serves a function app: routes, keys, limits, webhooks and
// functions, composed as Azure Functions composes them for its HTTP trigger.
//
//	app, err := trigger.LoadApp(os.DirFS("app"), nil) // host.json and */function.json
//	host, err := trigger.NewHost(trigger.Config{
//		App:      app,
//		Handlers: map[string]http.Handler{"orders": orders},
//		Keys:     &keys.Resolver{Store: store},
//	})
//	http.ListenAndServe(":7071", host)
//
// Functions are plain http.Handlers; [Func] and [JSON] make handlers of
// functions that return their answer, and [Jobs] go on working after a 202.
// [FromContext] tells a function what the host knows about the request. Without
// files, a [Function] says the same as a function.json.
//
// An app whose host.json names a custom handler is served by a [Worker], which
// calls the program, and a [Process], which runs it. A [Program] is the other
// side: the same functions for a host of another make to call.
//
// What is called the reference, here and with each name below, is the Azure
// Functions host of runtime 4.x, for apps of runtime 1.x that of 1.x: see Sources.
//
// # The pipeline
//
// In Default a request passes, in this order: custom headers and HSTS, which any
// answer but a 429 of Config.Front carries; the size limits (414, 413); the
// CORS preflight (204), so that it needs no key; the user, if somebody vouches
// for one; the host's own paths admin/… and runtime/webhooks/…; the route (404,
// 405 with Allow; / is the homepage); the key (401); whether the function is
// disabled (404, but to the master key); the load (429); the app's gate and the
// function's own (429 with Retry-After); the function.
//
// In Compat it is the reference's order (WebJobsApplicationBuilderExtension.cs):
// availability, throttle, headers, CORS, route, key, disabled, function. Paths
// under admin pass the first two by.
//
// The ResponseWriter reaches the function as the server made it, so streaming,
// hijacking, HTTP/2 and http.ResponseController work. There are two exceptions:
// Config.ResponseTimeout, and functions that receive webhooks, where the receiver
// notes the status so that a delivery whose function failed runs again when the
// sender repeats it (the writer keeps all its optional interfaces there). What
// this costs: the host does not know the status that a plain handler answered,
// and its log lines leave it out.
//
// A function holds its places in the gates until it returns, or until it calls
// throttle.ReleaseEarly: for streams that go on for hours.
//
// A host can be the catch-all of another router, or stand below a prefix that
// http.StripPrefix takes off; the addresses that admin endpoints tell have it then.
//
// A request costs one allocation, the object that carries context, request and
// invocation; with Config.Bare none.
//
// # Answers
//
// A function of [Func] or [JSON] that returns nothing is 204, and 200 in an app
// of runtime 1.x. A plain handler that writes nothing is 200, as everywhere in
// net/http: nobody can tell that it wrote nothing without standing between it
// and the server. A handler that means 204 says so.
//
// A panic is status 500 with an empty body. The fields that were set stay, but
// for those of a body; the stack is in the log; places in gates are given back.
// If the answer has begun, the connection is cut. http.ErrAbortHandler does what
// it does everywhere. The process goes on.
//
// # Differences
//
// In Default, beside what the packages route, keys, throttle and webhook say:
// a bad template, a conflict, an unknown setting and a webhook without a secret
// are errors of NewHost or LoadApp, all at once; the key is taken out of the
// request (the parameter code of the URL and the x-functions-key header) before
// a function that needs one, a hook or a log sees it; X-MS-CLIENT-PRINCIPAL and
// its relatives are removed unless Config.Identity says who vouches for them;
// bad input to [Bind] is 400 or 415 and tells which field, unless
// Config.LenientBinding passes it over; a declared body over the limit is 413
// before the function runs; []byte is an answer of bytes, not of base64 in JSON;
// an error of a function may carry its status; compact JSON where the reference
// indents or prints type names; a request whose connection is cut has its last
// log line like any other.
//
// Compat sends what a [Response] asks for as the reference's server does, where
// HTTP/1 has a way: a status outside 200 to 999, a type with 304, a length or a
// coding of the function's own that does not fit its body, for which the
// connection is cut. On HTTP/2 such a status is 500. Plain handlers are net/http's.
// In Compat too, net/http takes the host of an absolute request target and
// forgets the field Host, where the reference's server compares the two.
//
// # Sources
//
// Azure/azure-functions-host: WebJobsApplicationBuilderExtension.cs and the
// Middleware folder for the pipeline, HttpBinding.cs and RawScriptResult.cs for
// answers, FunctionsController.cs and HostController.cs for admin;
// Azure/azure-webjobs-sdk-extensions: HttpTriggerAttributeBindingProvider.cs for
// binding, ClaimsIdentitySlim.cs for users.
package trigger

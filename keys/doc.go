// Package keys keeps the access keys of functions and decides who may call what.
//
// A Store keeps them, a Resolver remembers them, a Guard asks at the door:
//
//	res := &keys.Resolver{Store: store}
//	guard := &keys.Guard{Resolver: res, Function: "orders", Level: keys.Function}
//	mux.Handle("POST /orders", guard.Wrap(orders))
//
//	grant, err := guard.Check(r) // the same decision without a response
//
// What is called the source, here and with each name below, is the Azure Functions
// host: see Sources.
//
// # Keys
//
// A key is a name and a value in one of two scopes, the host's or a function's.
//
//	kind          kept by   grants     opens
//	master        host      Admin      everything; there is one
//	system        host      System     functions of level system, its extension's webhook
//	function      host      Function   every function of level function
//	function      function  Function   that function, if of level function
//
// A request presents one text, in the header X-Functions-Key or, if that is
// absent, in the query parameter code. It is compared by value with the master
// key, the system keys, the host's function keys and the function's own, in this
// order; the first that is equal names the caller and its level. Names decide
// nothing. A level is satisfied by the same level or by Admin: it is not a
// ladder, and a system key does not open a function of level function.
//
// A function answers 401 with an empty body to a caller without a key, with a
// wrong one and with one that is not enough. If the keys cannot be read it
// answers 503 with Retry-After, or 500 if a document is corrupt.
//
// # What is remembered
//
// A Resolver holds salted digests of the values. Looking a text up costs one
// hash and one look into a table, with one key or with a thousand; it does not
// depend on where in the table the key is, and no comparison ends early on
// anything but digests that nobody outside can predict.
//
// What is remembered is read again behind the requests when it is older than
// Refresh (30 s), and not used when it is older than MaxAge (5 min): a key that
// another process removed works at most so long, one that another process added
// is found by the first request that presents it, though unknown texts cause at
// most one reading a minute. Watch and Reload make a change take effect at once.
//
// # Values
//
// Generate writes the source's identifiable format. Values are Secrets, which do
// not print, and filekeys and blobkeys encrypt them where they are stored. Reading never writes: no lookup makes keys. A Manager makes the
// first ones and changes them:
//
//	m := &keys.Manager{Store: store, Resolver: res}
//	set, err := m.Ensure(ctx, keys.HostScope())
//	key, err := m.Rotate(ctx, keys.FunctionScope("orders"), keys.FunctionKey, "default", time.Hour)
//
// # Tokens
//
// The platform and the deployment site of an app call it with signed tokens in
// place of keys. A Guard takes them if its Tokens is set:
//
//	config, err := keys.TokensFromSettings(settings)
//	tokens, err := keys.NewTokens(config)
//	guard.Tokens = tokens
//
// # Last use
//
// With TrackUse a Resolver remembers when each key was last recognised. RunUses,
// or FlushUses now and then, writes that into Key.Used, behind the requests:
//
//	res := &keys.Resolver{Store: store, TrackUse: true}
//	go res.RunUses(ctx)
//
// # Differences
//
// These parts of the source's behaviour are kept by neither profile, for they
// are defects of security:
//
//   - an accepted value was then accepted in any casing;
//   - the cache of accepted keys joined value and function name without a
//     separator, so that one key opened the function of another name;
//   - a removed key went on working for callers who had used it, although the
//     store had been read again since;
//   - looking up a key, even an unknown one, created the function's document.
//
// The default profile differs from the source, and Compat does not, in that
//
//   - the code parameter is removed from the request on functions that ask for
//     a key;
//   - anonymous functions look no key up unless Identify is set;
//   - what is remembered ages;
//   - a store that cannot be read gives 503 where the source has 500.
//
// A refusal's challenge is "Bearer" and nothing more: the source says in it what is
// wrong with a token.
//
// Strict mode decides key by key; the source refuses, for the whole app, every
// value that one kind of key may not have. Values above 4096 bytes are not
// recognised, with Compat above 32 KiB. Of two keys of one kind and name the first
// counts and the Logger is told of the other; with Compat they are an error of
// the whole document, as in the source.
//
// # Sources
//
// Azure/azure-functions-host, src/WebJobs.Script.WebHost/Security:
// KeyManagement/SecretManager.cs (order of lookup, caches), SecretGenerator.cs
// (values), Authentication/Keys/AuthenticationLevelHandler.cs (where a request
// carries its key), Authorization/AuthUtility.cs (levels),
// Authorization/Policies/AuthorizationOptionsExtensions.cs (webhook and admin
// routes), Middleware/FunctionInvocationMiddleware.cs (answers),
// Authentication/Jwt/ScriptJwtBearerExtensions.cs and Authentication/Arm (tokens).
// microsoft/security-utilities 1.3.0, IdentifiableSecrets.cs and Marvin.cs.
package keys

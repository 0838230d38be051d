package vec

// Known lists the differences from the vectors that are there on purpose, each
// under a key that a runner names when it meets the condition. A condition is a
// property of the vector's content, never its id.
var Known = map[string]string{
	"keys/casing":      "security: the reference, once it has seen a key, takes the same key in any casing",
	"keys/file-casing": "security: the reference's key API writes the file of a function in the casing of the request, where its own lookup does not find it: a key that was deleted goes on working",
	"keys/joined":      "security: the reference remembers keys by value and function name joined together, so that one function's key opens another",
	"keys/removed":     "security: the reference goes on taking a key that is no longer in the store it has just read again, from callers who used it before",

	"route/regexp-beyond-re2": "the default engine refuses at registration an expression that it cannot say; route/backtrack has an engine that can",

	"host/absolute-form":        "net/http takes the host of an absolute request target, as RFC 9112 says, and deletes the field Host before any handler runs (readRequest in server.go); the reference's own server compares the two and answers 400",
	"host/net-types":            "type names: the reference writes a list or an object where it wants a text as the name of its .NET type; here it is JSON",
	"host/net-members":          "type names: how the members of a .NET type are spelled in JSON is its serializer's convention; a Go type's json tags say it here",
	"trigger/net-parameters":    "type names: which .NET types the trigger's parameter may have is that runtime's own rule, and its text names the type",
	"trigger/sync-off-platform": "a reading of a test that has a stand-in for the platform; the recorded host answers 500 off the platform (TR-214), and a recording wins",
}

package vec

// Known lists the differences from the vectors that are there on purpose, each
// under a key that a runner names when it meets the condition. A condition is a
// property of the vector's content, never its id.
var Known = map[string]string{
	"route/regexp-beyond-re2": "the default engine refuses at registration an expression that it cannot say; route/backtrack has an engine that can",
}

package trigger

import "fmt"

// Format writes the names of the functions: what a configuration holds beside
// them may be secret, as settings and the secrets of webhooks are.
func (c Config) Format(f fmt.State, _ rune) {
	names := make([]string, 0, len(c.Functions))
	for i := range c.Functions {
		names = append(names, c.Functions[i].Name)
	}
	if c.App != nil {
		for i := range c.App.Functions {
			names = append(names, c.App.Functions[i].Name)
		}
	}
	fmt.Fprintf(f, "host of functions %q", names)
}

// Format writes name, route, methods and level, and nothing of the WebHook.
func (fn Function) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "function %q, route %q, methods %q, level %s", fn.Name, fn.Route, fn.Methods, fn.Level)
}

// Format writes the folder, and nothing of Env.
func (c ProcessConfig) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "process in %q", c.Dir) }

// MarshalText returns what Format writes, so that an encoder shows no more.
func (c ProcessConfig) MarshalText() ([]byte, error) { return fmt.Append(nil, c), nil }

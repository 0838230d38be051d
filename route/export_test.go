package route

// The two relations between letters, for the test that holds them whole.
var (
	FoldRune  = foldRune
	LowerRune = lowerRune
)

// RE2Text prints an expression the way it is compiled, for the test that holds
// the automaton against the engine of the standard library.
var RE2Text = re2Text

// CompileRE2Text compiles what RE2Text prints, or anything else in that syntax,
// and reports whether there is an automaton for it.
func CompileRE2Text(text string) (m Matcher, isAutomaton bool, err error) {
	m, err = compileRE2(text)
	_, isAutomaton = m.(*automaton)
	return m, isAutomaton, err
}

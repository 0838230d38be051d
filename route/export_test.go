package route

// The two relations between letters, for the test that holds them whole.
var (
	FoldRune  = foldRune
	LowerRune = lowerRune
)

package throttle

// State returns the word that admission compares and swaps.
func (g *Gate) State() uint64 { return g.state.Load() }

// Command goals measures what the library promises about its speed.
//
//	go run ./cmd/goals [-quick] [-only TEXT]
//
// It prints one line a goal: the work, what was measured, the goal, and whether
// it is met. Ratios are medians of ratios within interleaved passes. The last
// line counts the goals; the exit status is 1 if one is missed. Run it on a
// machine that is otherwise idle, or twice.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/httptrigger/httptrigger/internal/bench"
)

// sections has the goals of each package of the library, one file a package.
var sections = []func() []goal{
	routeGoals,
	keysGoals,
	throttleGoals,
	triggerGoals,
	webhookGoals,
}

// A goal is something measured that must not be more than a limit.
type goal struct {
	work    string // what is done
	unit    string // of what is measured: "of httprouter", "ms"
	limit   float64
	measure func(bench.Effort) measured
}

type measured struct {
	value  float64
	detail string // what else is worth saying
	broken string // why the goal is missed whatever the value
}

func main() {
	quick := flag.Bool("quick", false, "measure in under 50 seconds, less exactly")
	only := flag.String("only", "", "measure only goals whose work contains `TEXT`")
	flag.Parse()
	effort := bench.Full
	if *quick {
		effort = bench.Quick
	}
	met, missed := 0, 0
	for _, section := range sections {
		for _, g := range section() {
			if !strings.Contains(g.work, *only) {
				continue
			}
			m := g.measure(effort)
			verdict := "met"
			if m.value > g.limit || m.broken != "" {
				verdict = "missed"
				missed++
			} else {
				met++
			}
			fmt.Printf("%-46s %8.3g %-16s goal %6.4g  %-6s  %s\n", g.work, m.value, g.unit, g.limit, verdict,
				strings.TrimSpace(m.broken+" "+m.detail))
		}
	}
	fmt.Printf("%d goals: %d met, %d missed\n", met+missed, met, missed)
	if missed > 0 {
		os.Exit(1)
	}
}

// against measures ours beside a peer. The work has to be done without
// allocating.
func against(peer, ours bench.Contestant) func(bench.Effort) measured {
	return func(e bench.Effort) measured {
		r := bench.Compare(e, peer, ours)
		m := measured{value: r[1].Ratio, detail: fmt.Sprintf("quartiles %.2f to %.2f; %.0f ns, %s %.0f ns",
			r[1].Low, r[1].High, r[1].NS, peer.Name, r[0].NS)}
		if r[1].Allocs > 0 {
			m.broken = fmt.Sprintf("%.2f allocations;", r[1].Allocs)
		}
		return m
	}
}

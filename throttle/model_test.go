package throttle_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/httptrigger/httptrigger/throttle"
)

// model is a gate as the decision table has it: two lists and two numbers.
type model struct {
	c, o             int
	running, waiting []int
	outcome          map[int]string
}

func (m *model) arrive(id int) {
	switch {
	case m.o > 0 && len(m.running)+len(m.waiting) >= m.o:
		m.outcome[id] = "refused"
	case len(m.waiting) > 0 || m.c > 0 && len(m.running) >= m.c:
		m.waiting = append(m.waiting, id)
		m.outcome[id] = "waiting"
	default:
		m.running = append(m.running, id)
		m.outcome[id] = "running"
	}
}

func (m *model) promote() {
	for len(m.waiting) > 0 && (m.c <= 0 || len(m.running) < m.c) {
		m.running = append(m.running, m.waiting[0])
		m.outcome[m.waiting[0]] = "running"
		m.waiting = m.waiting[1:]
	}
}

func (m *model) leave(list *[]int, id int, outcome string) {
	i := slices.Index(*list, id)
	*list = slices.Delete(*list, i, i+1)
	m.outcome[id] = outcome
	m.promote()
}

// A long random walk in which every step settles: arrivals, ends, cancellations and
// new limits, compared with the model after each.
func TestGateAgainstModel(t *testing.T) {
	const walks, steps = 40, 250
	checks := 0
	for walk := range walks {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(uint64(walk), 1))
			limits := func() (c, o int) { return rnd.IntN(5), rnd.IntN(8) }
			m := &model{outcome: map[int]string{}}
			m.c, m.o = limits()
			g := newGate(t, throttle.GateConfig{MaxConcurrent: m.c, MaxOutstanding: m.o})
			type request struct {
				cancel context.CancelFunc
				finish chan struct{}
				state  string
			}
			requests := map[int]*request{}
			for step := range steps {
				var did string
				switch k := rnd.IntN(10); {
				case k < 4:
					did = fmt.Sprint("arrive ", step)
					ctx, cancel := context.WithCancel(context.Background())
					req := &request{cancel: cancel, finish: make(chan struct{}), state: "waiting"}
					requests[step] = req
					go func() {
						ticket, err := g.Acquire(ctx)
						switch err {
						case nil:
							req.state = "running"
							<-req.finish
							ticket.Release()
							req.state = "done"
						case context.Canceled:
							req.state = "cancelled"
						default:
							req.state = "refused"
						}
					}()
					m.arrive(step)
				case k < 7 && len(m.running) > 0:
					id := m.running[rnd.IntN(len(m.running))]
					did = fmt.Sprint("finish ", id)
					close(requests[id].finish)
					m.leave(&m.running, id, "done")
				case k < 9 && len(m.waiting) > 0:
					id := m.waiting[rnd.IntN(len(m.waiting))]
					did = fmt.Sprint("cancel ", id)
					requests[id].cancel()
					m.leave(&m.waiting, id, "cancelled")
				case k == 9:
					m.c, m.o = limits()
					did = fmt.Sprintf("limits %d/%d", m.c, m.o)
					if err := g.Reconfigure(throttle.GateConfig{MaxConcurrent: m.c, MaxOutstanding: m.o}); err != nil {
						t.Fatal(err)
					}
					m.promote()
				}
				synctest.Wait()
				for id, req := range requests {
					if req.state != m.outcome[id] {
						t.Fatalf("walk %d step %d (%s): request %d is %s, want %s", walk, step, did, id, req.state, m.outcome[id])
					}
					checks++
				}
				if s := g.Stats(); s.Running != len(m.running) || s.Waiting != len(m.waiting) {
					t.Fatalf("walk %d step %d (%s): %d run and %d wait, want %d and %d", walk, step, did, s.Running, s.Waiting, len(m.running), len(m.waiting))
				}
			}
			for id, req := range requests {
				if m.outcome[id] == "running" || m.outcome[id] == "waiting" {
					req.cancel()
					close(req.finish)
				}
			}
		})
	}
	t.Logf("%d walks of %d steps, %d states compared", walks, steps, checks)
}

// operation is one call that a goroutine made, with the moments it began and ended.
type operation struct {
	release   bool // else an Acquire
	outcome   string
	call, ret int
	ticket    int // index of the Acquire whose place is given back
}

// history is a run of several goroutines against one gate; linearizable looks for an
// order of effects, each between its call and its return, that the decision table
// allows.
type history struct {
	c, o int
	ops  []operation
	seen map[string]bool
}

// Phases of an operation while an order is looked for.
const (
	begun  = '0' + iota // no effect yet
	queued              // an Acquire in the line
	placed              // an Acquire that runs, or is to pass its place on
	ended               // has had its effect
)

func (h *history) linearizable() bool {
	h.seen = map[string]bool{}
	phases := []byte(strings.Repeat(string(rune(begun)), len(h.ops)))
	return h.search(phases, 0, nil)
}

func (h *history) search(phases []byte, running int, line []int) bool {
	key := fmt.Sprint(string(phases), running, line)
	if h.seen[key] {
		return false
	}
	h.seen[key] = true
	deadline, open := 1<<62, false
	for i, op := range h.ops {
		if phases[i] != ended {
			open = true
			deadline = min(deadline, op.ret)
		}
	}
	if !open {
		return true
	}
	for i, op := range h.ops {
		if op.call > deadline {
			continue
		}
		for _, next := range h.steps(i, phases, running, line) {
			if h.search(next.phases, next.running, next.line) {
				return true
			}
		}
	}
	return false
}

type node struct {
	phases  []byte
	running int
	line    []int
}

// steps returns what may happen next by operation i.
func (h *history) steps(i int, phases []byte, running int, line []int) []node {
	op := h.ops[i]
	next := node{slices.Clone(phases), running, slices.Clone(line)}
	switch {
	case op.release && phases[i] == begun && phases[op.ticket] == ended:
		next.phases[i] = ended
		h.giveBack(&next)
		return []node{next}
	case op.release:
		return nil
	case phases[i] == begun:
		var all []node
		if op.outcome == "cancelled" { // on arrival
			left := node{slices.Clone(phases), running, line}
			left.phases[i] = ended
			all = append(all, left)
		}
		switch {
		case h.o > 0 && running+len(line) >= h.o:
			if op.outcome != "refused" {
				return all
			}
			next.phases[i] = ended
		case len(line) > 0 || running >= h.c:
			if op.outcome == "refused" {
				return all
			}
			next.phases[i] = queued
			next.line = append(next.line, i)
		default:
			if op.outcome != "admitted" {
				return all
			}
			next.phases[i] = ended
			next.running++
		}
		return append(all, next)
	case phases[i] == queued && op.outcome == "cancelled":
		next.phases[i] = ended
		next.line = slices.DeleteFunc(next.line, func(j int) bool { return j == i })
		return []node{next}
	case phases[i] == placed: // cancelled as it was handed a place, and passed it on
		next.phases[i] = ended
		h.giveBack(&next)
		return []node{next}
	}
	return nil
}

func (h *history) giveBack(n *node) {
	if len(n.line) == 0 {
		n.running--
		return
	}
	first := n.line[0]
	n.line = n.line[1:]
	n.phases[first] = ended
	if h.ops[first].outcome == "cancelled" {
		n.phases[first] = placed
	}
}

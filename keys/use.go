package keys

import (
	"sync"
	"sync/atomic"
	"time"
)

// A Use says when a key was last recognised.
type Use struct {
	Kind  Kind
	Name  string
	Scope Scope
	Last  time.Time
}

// useTable has a mark for each key, which outlives the views.
type useTable struct {
	mu    sync.Mutex
	marks map[Grant]*atomic.Int64
}

func (t *useTable) of(s Scope, kind Kind, name string) *atomic.Int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := Grant{Kind: kind, Name: name, Scope: s}
	mark := t.marks[g]
	if mark == nil {
		if t.marks == nil {
			t.marks = map[Grant]*atomic.Int64{}
		}
		mark = new(atomic.Int64)
		mark.Store(-1)
		t.marks[g] = mark
	}
	return mark
}

// Uses returns when keys were last recognised, those that were since the
// Resolver began, in no order. A request only leaves a mark; whoever wants the
// times kept calls Uses now and then and writes them down. It is empty without
// TrackUse.
func (r *Resolver) Uses() []Use {
	r.init()
	r.uses.mu.Lock()
	defer r.uses.mu.Unlock()
	var out []Use
	for g, mark := range r.uses.marks {
		if at := mark.Load(); at >= 0 {
			out = append(out, Use{Kind: g.Kind, Name: g.Name, Scope: g.Scope, Last: r.began.Add(time.Duration(at))})
		}
	}
	return out
}

package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"
)

// ReplayKey names what a replay memory remembers: a digest over the receiver's
// scope, the sender, and the id or the signature of a delivery. It has the same
// length whatever the sender wrote, and nothing of it can be read back.
type ReplayKey [sha256.Size]byte

// String returns the key in hex.
func (k ReplayKey) String() string { return hex.EncodeToString(k[:]) }

// ReplayState is what a replay memory knows of a delivery.
type ReplayState int

// The states of a delivery.
const (
	ReplayNew     ReplayState = iota // not known: it is reserved now
	ReplayPending                    // reserved by another request that is not done yet
	ReplayDone                       // handled before
)

// A ReplayMemory remembers which deliveries were handled. Only deliveries that
// were found genuine are put to it. A delivery may have several keys, which are
// reserved, committed and released together. Implementations may be called
// concurrently.
//
// If a memory cannot answer, it returns an error, and the delivery is refused
// with status 503 so that the sender comes again.
type ReplayMemory interface {
	// Reserve looks at all keys and claims them in one step. If one of them is
	// done it claims nothing and returns ReplayDone; if one is reserved,
	// ReplayPending; else ReplayNew, and the caller owes a Commit or Release.
	// A store that outlives the process lets a claim lapse after ttl.
	Reserve(ctx context.Context, keys []ReplayKey, ttl time.Duration) (ReplayState, error)
	// Commit makes claimed keys done for ttl.
	Commit(ctx context.Context, keys []ReplayKey, ttl time.Duration) error
	// Release forgets keys, claimed or done, so that the delivery may come again.
	Release(ctx context.Context, keys []ReplayKey) error
}

// DefaultReplayEntries is how many keys a Memory holds unless told otherwise.
const DefaultReplayEntries = 1 << 17

// Memory is a ReplayMemory in this process, of bounded size. Its zero value is
// ready for use. It must not be copied after first use.
type Memory struct {
	// MaxEntries bounds the keys that are remembered; a delivery has one or two,
	// of about 150 bytes each. Zero or less is DefaultReplayEntries.
	MaxEntries int
	// RefuseWhenFull says what happens to one more: refused with status 503, or,
	// by default, taken in at the cost of the oldest one that is done. A delivery
	// that is being handled never loses its place.
	RefuseWhenFull bool
	// Now tells the time; nil is time.Now.
	Now func() time.Time

	mu      sync.Mutex
	entries map[ReplayKey]memoryEntry
	order   []memoryPlace // done entries, oldest first
	claims  uint64
}

type memoryEntry struct {
	done    bool
	expires time.Time // of a done entry; a claim lives until it is settled
	commit  uint64    // tells the place in order that stands for this entry
}

type memoryPlace struct {
	key    ReplayKey
	commit uint64
}

// errFull refuses a delivery for which there is no room.
var errFull = &SignatureError{Sender: "replay", Reason: ReplayUnavailable, Retry: time.Minute}

// Reserve implements ReplayMemory.
func (m *Memory) Reserve(_ context.Context, keys []ReplayKey, _ time.Duration) (ReplayState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	state := ReplayNew
	for _, k := range keys {
		switch e, ok := m.entries[k]; {
		case !ok || e.done && !now.Before(e.expires):
		case e.done:
			return ReplayDone, nil
		default:
			state = ReplayPending
		}
	}
	if state == ReplayPending {
		return state, nil
	}
	if !m.room(len(keys), now) {
		return ReplayNew, errFull
	}
	if m.entries == nil {
		m.entries = make(map[ReplayKey]memoryEntry)
	}
	for _, k := range keys {
		m.entries[k] = memoryEntry{}
	}
	return ReplayNew, nil
}

// room tidies up: it drops what has expired, and makes room for n keys.
func (m *Memory) room(n int, now time.Time) bool {
	limit := m.MaxEntries
	if limit <= 0 {
		limit = DefaultReplayEntries
	}
	for len(m.order) > 0 {
		oldest := m.order[0]
		e, ok := m.entries[oldest.key]
		stale := !ok || !e.done || e.commit != oldest.commit
		expired := !stale && !now.Before(e.expires)
		if !stale && !expired && (len(m.entries)+n <= limit || m.RefuseWhenFull) {
			break
		}
		m.order = m.order[1:]
		if !stale {
			delete(m.entries, oldest.key)
		}
	}
	return len(m.entries)+n <= limit
}

// Commit implements ReplayMemory.
func (m *Memory) Commit(_ context.Context, keys []ReplayKey, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	expires := m.now().Add(ttl)
	for _, k := range keys {
		if _, ok := m.entries[k]; !ok {
			continue
		}
		m.claims++
		m.entries[k] = memoryEntry{done: true, expires: expires, commit: m.claims}
		m.order = append(m.order, memoryPlace{k, m.claims})
	}
	m.compact()
	return nil
}

// Release implements ReplayMemory.
func (m *Memory) Release(_ context.Context, keys []ReplayKey) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range keys {
		delete(m.entries, k)
	}
	m.compact()
	return nil
}

// compact drops the places whose entries are gone, if they are many: deliveries
// that fail again and again, or are soon forgotten while an older one is not, do
// not make the queue grow.
func (m *Memory) compact() {
	if len(m.order) <= 2*len(m.entries)+64 {
		return
	}
	kept := make([]memoryPlace, 0, len(m.entries))
	for _, p := range m.order {
		if e, ok := m.entries[p.key]; ok && e.commit == p.commit {
			kept = append(kept, p)
		}
	}
	m.order = kept
}

// Len returns how many keys are remembered or being handled.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.entries)
}

func (m *Memory) now() time.Time {
	if m.Now == nil {
		return time.Now()
	}
	return m.Now()
}

// ReplayMode says what a receiver remembers of a delivery.
type ReplayMode int

const (
	// RememberSignature, the default, remembers the signature, and the id too if
	// the signature covers it. Of senders that show a token it remembers the id.
	RememberSignature ReplayMode = iota
	// RememberID remembers the id alone, signed or not. Where it is not signed,
	// a captured request passes again under another id.
	RememberID
	// InsecureRememberNothing runs the handler for every genuine request, as
	// often as it comes.
	InsecureRememberNothing
)

// replayKeys returns what to remember of d; nothing if it has no mark of its
// own.
func replayKeys(buf []ReplayKey, mode ReplayMode, scope string, d *Delivery) []ReplayKey {
	switch {
	case mode == InsecureRememberNothing:
	case mode == RememberID || d.Signature.n == 0:
		if d.ID != "" {
			buf = append(buf, d.idKey(scope))
		} else if d.digestBody {
			sum := sha256.Sum256(d.Body)
			buf = append(buf, replayKey("body", scope, d.Sender, string(sum[:])))
		}
	default:
		if d.ID != "" && d.IDSigned {
			buf = append(buf, d.idKey(scope))
		}
		buf = append(buf, replayKey("signature", scope, d.Sender, string(d.Signature.bytes[:d.Signature.n])))
	}
	return buf
}

// idKey is the key of a delivery's id.
func (d *Delivery) idKey(scope string) ReplayKey {
	if d.source != "" {
		return replayKey("id", scope, d.Sender, d.ID, d.source)
	}
	return replayKey("id", scope, d.Sender, d.ID)
}

// replayKey hashes its parts, each after its length, so that no two lists of
// parts look alike.
func replayKey(parts ...string) ReplayKey {
	var buf [192]byte
	text := buf[:0]
	for _, p := range parts {
		n := len(p)
		text = append(text, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
		text = append(text, p...)
	}
	return sha256.Sum256(text)
}

package webhook

import (
	"bytes"
	"encoding/hex"
	"math"
	"testing"
	"time"
)

// decodeHex against encoding/hex, for every byte in every place.
func TestDecodeHex(t *testing.T) {
	for size := range 21 {
		for at := range 2 * size {
			for c := range 256 {
				text := bytes.Repeat([]byte("5a"), size)
				text[at] = byte(c)
				want, err := hex.DecodeString(string(text))
				got := make([]byte, size)
				if ok := decodeHex(got, string(text)); ok != (err == nil) || ok && !bytes.Equal(got, want) {
					t.Fatalf("decodeHex(%q) = %x, %v, want %x, %v", text, got, ok, want, err)
				}
			}
		}
	}
	for _, text := range []string{"", "0", "000", "00000"} {
		if decodeHex(make([]byte, 2), text) {
			t.Errorf("decodeHex(%q) fills two bytes", text)
		}
	}
	if got := make([]byte, 4); !decodeHex(got, "DEADbeef") || !bytes.Equal(got, []byte{0xde, 0xad, 0xbe, 0xef}) {
		t.Errorf("%x", got)
	}
}

// sameDigest against bytes.Equal, for every bit of every length.
func TestSameDigest(t *testing.T) {
	for size := range 65 {
		x := bytes.Repeat([]byte{0xa5}, size)
		if !sameDigest(x, bytes.Clone(x)) {
			t.Errorf("%d bytes differ from themselves", size)
		}
		if sameDigest(x, append(bytes.Clone(x), 0)) || sameDigest(append(bytes.Clone(x), 0), x) {
			t.Errorf("%d bytes are as many as %d", size, size+1)
		}
		for bit := range 8 * size {
			y := bytes.Clone(x)
			y[bit/8] ^= 1 << (bit % 8)
			if sameDigest(x, y) {
				t.Errorf("%d bytes: bit %d does not count", size, bit)
			}
		}
	}
}

// A body grows by doubling or to what is declared, and never past the limit by
// more than the byte that shows it.
func TestGrow(t *testing.T) {
	for _, test := range []struct{ have, length, limit, want int64 }{
		{0, -1, 1 << 20, 512},
		{512, -1, 1 << 20, 1024},
		{0, -1, 100, 101},
		{512, -1, 600, 601},
		{600, -1, 600, 601},
		{64 << 10, 1 << 20, 1 << 20, 1 << 20},
		{64 << 10, 25 << 20, 25 << 20, 2 << 20},
		{2 << 20, 25 << 20, 25 << 20, 25 << 20},
		{64 << 10, 1 << 40, 1 << 20, 1<<20 + 1},
		{1 << 10, -1, math.MaxInt64, 2 << 10},
	} {
		if got := grow(make([]byte, test.have), test.length, test.limit); int64(cap(got)) != test.want || int64(len(got)) != test.have {
			t.Errorf("%d bytes of %d, at most %d: room for %d, want %d", test.have, test.length, test.limit, cap(got), test.want)
		}
	}
}

// Keys that are soon forgotten leave no places behind one that is not.
func TestMemoryKeepsNoPlaces(t *testing.T) {
	now := time.Unix(0, 0)
	m := &Memory{Now: func() time.Time { return now }}
	handled := func(key byte, ttl time.Duration) {
		keys := []ReplayKey{{key}}
		if state, err := m.Reserve(t.Context(), keys, ttl); state != ReplayNew || err != nil {
			t.Fatal(state, err)
		}
		_ = m.Commit(t.Context(), keys, ttl)
	}
	handled(1, 24*time.Hour)
	for range 10000 {
		handled(2, time.Second)
		now = now.Add(time.Second)
	}
	if len(m.order) > 100 || m.Len() != 2 {
		t.Errorf("%d places for %d entries", len(m.order), m.Len())
	}
}

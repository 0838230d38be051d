package webhook

import (
	"bytes"
	"encoding/hex"
	"testing"
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

package dataprotection_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/httptrigger/httptrigger/internal/dataprotection"
)

func TestOpenRefusesEveryChange(t *testing.T) {
	master, additional := []byte("master"), []byte("additional")
	for size := range 40 {
		plain := bytes.Repeat([]byte{'x'}, size)
		payload := dataprotection.Seal(master, additional, [16]byte{1}, [16]byte{2}, plain)
		got, err := dataprotection.Open(master, additional, payload)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%d bytes: Open = %d bytes, %v", size, len(got), err)
		}
		for i := range payload {
			payload[i] ^= 1
			if _, err := dataprotection.Open(master, additional, payload); !errors.Is(err, dataprotection.ErrDamaged) {
				t.Errorf("%d bytes, byte %d changed: %v", size, i, err)
			}
			payload[i] ^= 1
			if _, err := dataprotection.Open(master, additional, payload[:i]); err == nil {
				t.Errorf("%d bytes, cut to %d: opened", size, i)
			}
		}
		if _, err := dataprotection.Open(master, []byte("another"), payload); err == nil {
			t.Error("other additional data: opened")
		}
		if _, err := dataprotection.Open([]byte("another"), additional, payload); err == nil {
			t.Error("another key: opened")
		}
	}
}

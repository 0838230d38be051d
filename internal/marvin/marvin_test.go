package marvin_test

import (
	"testing"

	"github.com/httptrigger/httptrigger/internal/marvin"
)

func TestSum(t *testing.T) {
	// From MarvinShared.cs of microsoft/security-utilities 1.3.0.
	const seed, data = 0x004fb61a001bdbcc, "\xaf"
	if got := marvin.Sum64(seed, []byte(data)); got != 0x48e73fc77d75ddc1 {
		t.Errorf("Sum64 = %#x, want 0x48e73fc77d75ddc1", got)
	}
	if got := marvin.Sum32(seed, []byte(data)); got != 0x3592e206 {
		t.Errorf("Sum32 = %#x, want 0x3592e206", got)
	}
}

package storetest_test

import (
	"testing"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, storetest.Harness{Open: func(*testing.T) keys.Store { return &keys.Memory{} }})
}

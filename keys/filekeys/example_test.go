package filekeys_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/filekeys"
)

// The first keys of an app. Their values are encrypted with a key that is made
// with them.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "keys")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	store, err := filekeys.Open(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	set, err := (&keys.Manager{Store: store}).Ensure(context.Background(), keys.HostScope())
	if err != nil {
		fmt.Println(err)
		return
	}
	document, err := os.ReadFile(filepath.Join(dir, "host.json"))
	if err != nil {
		fmt.Println(err)
		return
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range files {
		fmt.Println(f.Name())
	}
	fmt.Println("master key in clear:", bytes.Contains(document, []byte(set.Master.Value.Reveal())))
	// Output:
	// .key
	// .lock
	// host.json
	// master key in clear: false
}

// The key that encrypts values is changed while the store is in use.
func ExampleStore_RotateKey() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "keys")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	store, err := filekeys.Open(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	before, err := (&keys.Manager{Store: store}).Ensure(ctx, keys.HostScope())
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := store.RotateKey(ctx); err != nil {
		fmt.Println(err) // the old key is still there, and everything can be read
		return
	}
	after, err := store.Load(ctx, keys.HostScope())
	fmt.Println(err, after.Master.Value.Equal(before.Master.Value))
	// Output: <nil> true
}

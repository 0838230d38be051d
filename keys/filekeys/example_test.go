package filekeys_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/atrest"
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

// A folder that a host of the source's own kept in clear is encrypted in one go:
// by a program like this one, or by the app itself when it starts. The keys stay
// what they are. Copies that were made before stay in clear; who may have read the
// folder has the keys, which Manager.Renew and Manager.Rotate change.
func ExampleStore_Rewrite() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "keys")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for name, text := range map[string]string{
		"host.json":   `{"masterKey": "an-old-master-key", "functionKey": "an-old-host-key"}`,
		"orders.json": `{"keys": [{"name": "partner", "value": "an-old-partner-key", "encrypted": false}]}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			fmt.Println(err)
			return
		}
	}

	store, err := filekeys.Open(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	written, err := store.Rewrite(ctx)
	if err != nil { // those it could not read are left alone; the others are done
		fmt.Println(err)
	}
	for _, s := range written {
		fmt.Println("encrypted:", s)
	}
	if written, err = store.Rewrite(ctx); err == nil {
		fmt.Println("left to do:", len(written))
	}
	document, err := os.ReadFile(filepath.Join(dir, "orders.json"))
	if err != nil {
		fmt.Println(err)
		return
	}
	set, err := store.Load(ctx, keys.FunctionScope("orders"))
	if err != nil {
		fmt.Println(err)
		return
	}
	value := set.Function[0].Value.Reveal()
	fmt.Println("the same key:", value == "an-old-partner-key", "in clear:", bytes.Contains(document, []byte(value)))
	// Output:
	// encrypted: host
	// encrypted: function "orders"
	// left to do: 0
	// the same key: true in clear: false
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

// A key file that is not in the folder, and may serve several, is changed in three
// steps: a new key, every document of every folder written again, the old key
// dropped. Any step can be done again if it failed. The app goes on meanwhile.
func ExampleConfig_keyFile() {
	ctx := context.Background()
	volume, err := os.MkdirTemp("", "volume")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(volume)
	file := &atrest.KeyFile{Path: filepath.Join(volume, "at-rest.key")}
	store, err := filekeys.New(filekeys.Config{Dir: filepath.Join(volume, "keys"), KeyFile: file.Path})
	if err != nil {
		fmt.Println(err)
		return
	}
	m := &keys.Manager{Store: store}
	before, err := m.Ensure(ctx, keys.HostScope()) // makes the key file too
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, step := range []func(context.Context) error{file.Add, m.Rewrite, file.Prune} {
		if err := step(ctx); err != nil {
			fmt.Println(err) // the old key is still there
			return
		}
	}
	after, err := store.Load(ctx, keys.HostScope())
	fmt.Println(err, after.Master.Value.Equal(before.Master.Value))
	// Output: <nil> true
}

package keysvec

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/httptrigger/httptrigger/keys"
)

// A fixture is the content of a store.
type fixture struct {
	SecretsEnabled *bool  `json:"secretsEnabled"`
	Strict         bool   `json:"strict"`
	Master         string `json:"master"`
	FunctionKeys   pairs  `json:"functionKeys"`
	SystemKeys     pairs  `json:"systemKeys"`

	Functions map[string]pairs `json:"functions"`
	Comment   string           `json:"comment"`
}

// pairs are names and values in the order of the file.
type pairs []struct{ name, value string }

// UnmarshalJSON reads an object, or nothing from an empty list.
func (p *pairs) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		value, err := dec.Token()
		if err != nil {
			return err
		}
		n, ok1 := name.(string)
		v, ok2 := value.(string)
		if !ok1 || !ok2 {
			return fmt.Errorf("%s: not a map of texts", data)
		}
		*p = append(*p, struct{ name, value string }{n, v})
	}
	return nil
}

func (p pairs) keys() []keys.Key {
	list := []keys.Key{}
	for _, pair := range p {
		list = append(list, keys.Key{Name: pair.name, Value: keys.NewSecret(pair.value)})
	}
	return list
}

// store returns a store with the content of the fixture, nil if keys are
// disabled.
func (f *fixture) store() keys.Store {
	if f.SecretsEnabled != nil && !*f.SecretsEnabled {
		return nil
	}
	ctx := context.Background()
	m := &keys.Memory{}
	m.Save(ctx, keys.HostScope(), keys.Set{
		Master: keys.Key{Name: keys.MasterName, Value: keys.NewSecret(f.Master)},
		System: f.SystemKeys.keys(), Function: f.FunctionKeys.keys(),
	})
	for name, list := range f.Functions {
		m.Save(ctx, keys.FunctionScope(name), keys.Set{Function: list.keys()})
	}
	return m
}

func (f *fixture) resolver(compat bool, now func() time.Time) *keys.Resolver {
	return &keys.Resolver{Store: f.store(), Compat: compat, Strict: f.Strict, Now: now}
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/httptrigger/httptrigger/trigger/customprovider"
)

// table keeps resources in Azure Table Storage, in the columns of the reference:
// PartitionKey, RowKey and Data.
type table struct{ client *aztables.Client }

type entity struct {
	PartitionKey, RowKey, Data string
}

func (t *table) Get(ctx context.Context, key customprovider.Key) (customprovider.Resource, error) {
	if err := storable(key); err != nil {
		return customprovider.Resource{}, err
	}
	resp, err := t.client.GetEntity(ctx, key.Partition, key.Row, nil)
	if err != nil {
		return customprovider.Resource{}, translate(err)
	}
	var e entity
	err = json.Unmarshal(resp.Value, &e)
	return customprovider.Resource{Row: key.Row, JSON: []byte(e.Data), ETag: string(resp.ETag)}, err
}

func (t *table) Put(ctx context.Context, key customprovider.Key, text []byte, only customprovider.Condition) (string, error) {
	if err := storable(key); err != nil {
		return "", err
	}
	row, err := json.Marshal(entity{key.Partition, key.Row, string(text)})
	if err != nil {
		return "", err
	}
	var etag azcore.ETag
	switch {
	case only.Absent:
		resp, addErr := t.client.AddEntity(ctx, row, nil)
		etag, err = resp.ETag, addErr
	case only.ETag != "":
		match := azcore.ETag(only.ETag)
		resp, updateErr := t.client.UpdateEntity(ctx, row, &aztables.UpdateEntityOptions{IfMatch: &match, UpdateMode: aztables.UpdateModeReplace})
		etag, err = resp.ETag, updateErr
	default:
		resp, upsertErr := t.client.UpsertEntity(ctx, row, &aztables.UpsertEntityOptions{UpdateMode: aztables.UpdateModeReplace})
		etag, err = resp.ETag, upsertErr
	}
	if err = translate(err); errors.Is(err, customprovider.ErrNotFound) {
		return "", &customprovider.ChangedError{} // there is none that could match
	}
	return string(etag), err
}

func (t *table) Delete(ctx context.Context, key customprovider.Key, only customprovider.Condition) error {
	if err := storable(key); err != nil {
		return err
	}
	opts := &aztables.DeleteEntityOptions{}
	if only.ETag != "" {
		match := azcore.ETag(only.ETag)
		opts.IfMatch = &match
	}
	_, err := t.client.DeleteEntity(ctx, key.Partition, key.Row, opts)
	return translate(err)
}

// List holds one page of the service at a time, 1,000 rows at most.
func (t *table) List(ctx context.Context, partition, prefix, after string) iter.Seq2[customprovider.Resource, error] {
	return func(yield func(customprovider.Resource, error) bool) {
		end := prefix[:len(prefix)-1] + string(prefix[len(prefix)-1]+1)
		filter := "PartitionKey eq " + quote(partition) + " and RowKey gt " + quote(after) + " and RowKey lt " + quote(end)
		for pager := t.client.NewListEntitiesPager(&aztables.ListEntitiesOptions{Filter: &filter}); pager.More(); {
			page, err := pager.NextPage(ctx)
			if err != nil {
				yield(customprovider.Resource{}, translate(err))
				return
			}
			for _, text := range page.Entities {
				var e entity
				err := json.Unmarshal(text, &e)
				if !yield(customprovider.Resource{Row: e.RowKey, JSON: []byte(e.Data)}, err) || err != nil {
					return
				}
			}
		}
	}
}

// quote makes a literal of a filter: a quote in it is doubled.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// storable refuses what a table takes in no key.
func storable(key customprovider.Key) error {
	bad := func(c rune) bool { return strings.ContainsRune(`/\#?`, c) || c < 0x20 || c >= 0x7f && c <= 0x9f }
	if strings.ContainsFunc(key.Partition+key.Row, bad) {
		return &refusal{http.StatusBadRequest, errors.New("a name that a table cannot keep")}
	}
	return nil
}

// translate makes this module's errors of the service's. What it refuses as too
// large or malformed is the caller's mistake.
func translate(err error) error {
	var resp *azcore.ResponseError
	if !errors.As(err, &resp) {
		return err
	}
	switch resp.StatusCode {
	case http.StatusNotFound:
		return customprovider.ErrNotFound
	case http.StatusConflict, http.StatusPreconditionFailed:
		return &customprovider.ChangedError{}
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		return &refusal{resp.StatusCode, err}
	}
	return err
}

// A refusal is an error that says its status.
type refusal struct {
	status int
	err    error
}

func (r *refusal) Error() string   { return r.err.Error() }
func (r *refusal) Unwrap() error   { return r.err }
func (r *refusal) StatusCode() int { return r.status }

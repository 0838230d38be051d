package blobkeys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/keydoc"
)

// Container is the source's name for the container of keys.
const Container = "azure-webjobs-secrets"

// DefaultInterval is how often Watch asks, if Interval is not set.
const DefaultInterval = 10 * time.Second

// maxDocument bounds the bytes of a document that is read.
const maxDocument = 16 << 20

// Store is a keys.Store in a container, made by New. Its fields are set before
// first use; its methods may be called concurrently.
type Store struct {
	// Codec reads and writes the documents. The zero Codec keeps values in
	// clear.
	Codec keydoc.Codec

	// Interval is how often Watch asks for changes. Zero is DefaultInterval.
	Interval time.Duration

	// CreateContainer makes the container when a first key is saved and it is
	// not there.
	CreateContainer bool

	client *container.Client
	prefix string
}

// New returns the store in the folder prefix of a container: see
// keydoc.BlobPrefix. A client tries again on its own after a failure; a
// policy.RetryOptions with few tries keeps requests from waiting long.
func New(client *container.Client, prefix string) (*Store, error) {
	switch {
	case client == nil:
		return nil, errors.New("blobkeys: no client")
	case prefix == "" || strings.Trim(prefix, "/") != prefix:
		return nil, fmt.Errorf("blobkeys: %q: not the name of a folder", prefix)
	}
	return &Store{client: client, prefix: prefix}, nil
}

// name returns the blob of a scope.
func (st *Store) name(ctx context.Context, s keys.Scope) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if err := s.Validate(); err != nil {
		return "", err
	}
	return keydoc.BlobName(st.prefix, s), nil
}

// Load returns the keys of a scope, or keys.ErrNotFound.
func (st *Store) Load(ctx context.Context, s keys.Scope) (keys.Set, error) {
	name, err := st.name(ctx, s)
	if err != nil {
		return keys.Set{}, err
	}
	corrupt := func(err error) error { return &keys.CorruptError{Scope: s, Source: name, Err: err} }
	got, err := st.client.NewBlobClient(name).DownloadStream(ctx, nil)
	switch {
	case bloberror.HasCode(err, bloberror.BlobNotFound, bloberror.ContainerNotFound):
		return keys.Set{}, fmt.Errorf("%w: %q", keys.ErrNotFound, name)
	case bloberror.HasCode(err, bloberror.BlobArchived):
		return keys.Set{}, corrupt(errors.New("it is in the archive tier"))
	case err != nil:
		return keys.Set{}, failed("load", name, err)
	case got.ETag == nil || *got.ETag == "":
		return keys.Set{}, fmt.Errorf("blobkeys: load %q: the answer has no ETag", name)
	}
	body := got.NewRetryReader(ctx, nil)
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, maxDocument+1))
	if err != nil {
		return keys.Set{}, failed("load", name, err)
	}
	if len(data) > maxDocument {
		return keys.Set{}, corrupt(fmt.Errorf("more than %d bytes", maxDocument))
	}
	set, err := st.Codec.Decode(s, data)
	if err != nil {
		return keys.Set{}, corrupt(err)
	}
	set.Version = string(*got.ETag)
	return set, nil
}

// Save replaces the keys of a scope, or returns keys.ErrChanged. If the answer
// to a write is lost, the client writes again and finds its own version: that is
// keys.ErrChanged too.
func (st *Store) Save(ctx context.Context, s keys.Scope, set keys.Set) error {
	name, err := st.name(ctx, s)
	if err != nil {
		return err
	}
	text, err := st.Codec.Encode(s, set)
	if err != nil {
		return fmt.Errorf("blobkeys: %q: %w", name, err)
	}
	err = st.upload(ctx, name, set.Version, text)
	if st.CreateContainer && set.Version == "" && bloberror.HasCode(err, bloberror.ContainerNotFound) {
		if _, err := st.client.Create(ctx, nil); err != nil && !bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
			return failed("create the container for", name, err)
		}
		err = st.upload(ctx, name, set.Version, text)
	}
	switch {
	case err == nil:
		return nil
	case bloberror.HasCode(err, bloberror.BlobAlreadyExists, bloberror.ConditionNotMet),
		set.Version != "" && bloberror.HasCode(err, bloberror.BlobNotFound, bloberror.ContainerNotFound):
		return fmt.Errorf("%w: %q", keys.ErrChanged, name)
	}
	return failed("save", name, err)
}

// upload writes a blob if it still has the version, or if there is none.
func (st *Store) upload(ctx context.Context, name, version string, text []byte) error {
	condition := &blob.ModifiedAccessConditions{IfNoneMatch: to.Ptr(azcore.ETagAny)}
	if version != "" {
		condition = &blob.ModifiedAccessConditions{IfMatch: to.Ptr(azcore.ETag(version))}
	}
	_, err := st.client.NewBlockBlobClient(name).Upload(ctx, streaming.NopCloser(bytes.NewReader(text)), &blockblob.UploadOptions{
		HTTPHeaders:      &blob.HTTPHeaders{BlobContentType: to.Ptr("application/json")},
		AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: condition},
	})
	return err
}

// failed says what went wrong without the URL, whose query may be a signature.
func failed(what, name string, err error) error {
	var response *azcore.ResponseError
	var transport *url.Error
	switch {
	case errors.As(err, &response):
		text := http.StatusText(response.StatusCode)
		return fmt.Errorf("blobkeys: %s %q: status %d %s (%s)", what, name, response.StatusCode, text, response.ErrorCode)
	case errors.As(err, &transport):
		err = transport.Err
	}
	return fmt.Errorf("blobkeys: %s %q: %w", what, name, err)
}

// Watch asks for the documents' ETags every Interval and tells of the scopes
// whose changed, until ctx ends. A question that fails is asked again later.
func (st *Store) Watch(ctx context.Context, changed func(keys.Scope)) error {
	interval := st.Interval
	if interval <= 0 {
		interval = DefaultInterval
	}
	seen, _ := st.versions(ctx)
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		now, err := st.versions(ctx)
		if err != nil {
			continue
		}
		for s, version := range now {
			if seen[s] != version {
				changed(s)
			}
		}
		for s := range seen {
			if _, ok := now[s]; !ok {
				changed(s)
			}
		}
		seen = now
	}
}

// versions returns the ETags of all documents.
func (st *Store) versions(ctx context.Context) (map[keys.Scope]azcore.ETag, error) {
	found := map[keys.Scope]azcore.ETag{}
	pager := st.client.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Prefix: to.Ptr(st.prefix + "/")})
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if bloberror.HasCode(err, bloberror.ContainerNotFound) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		for _, item := range page.Segment.BlobItems {
			s, ok := keydoc.ScopeOf(strings.TrimPrefix(*item.Name, st.prefix+"/"))
			if ok && item.Properties != nil && item.Properties.ETag != nil && *item.Name == keydoc.BlobName(st.prefix, s) {
				found[s] = *item.Properties.ETag
			}
		}
	}
	return found, nil
}

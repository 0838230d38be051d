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
	"github.com/httptrigger/httptrigger/keys/atrest"
	"github.com/httptrigger/httptrigger/keys/keydoc"
)

// Container is the source's name for the container of keys.
const Container = "azure-webjobs-secrets"

// DefaultInterval is how often Watch asks, if Interval is not set.
const DefaultInterval = 10 * time.Second

// maxDocument bounds the bytes of a document that is read.
const maxDocument = 16 << 20

// Config says where a Store is and how it keeps values.
type Config struct {
	// Client is of the container. It tries again on its own after a failure; a
	// policy.RetryOptions with few tries keeps requests from waiting long.
	Client *container.Client

	// Prefix is the folder in the container: see keydoc.BlobPrefix.
	Prefix string

	// Protector encrypts values: an atrest.Envelope of a key that the program
	// has, or an atrest.KeyFile, made by its Create, on a volume that all
	// instances share. It is required unless InsecurePlain is set.
	Protector keydoc.Protector

	// Decrypt are tried on values that Protector cannot read, such as an
	// atrest.Ring of the source's keys. What they read is encrypted anew when
	// its document is saved.
	Decrypt []keydoc.Protector

	// InsecurePlain writes values in clear: whoever may read the container has
	// the keys. Decrypt still decrypts.
	InsecurePlain bool

	// Origin is written into documents, for diagnosis.
	Origin keys.Origin

	// Interval is how often Watch asks for changes. Zero is DefaultInterval.
	Interval time.Duration

	// CreateContainer makes the container when a first key is saved and it is
	// not there.
	CreateContainer bool
}

// Store is a keys.Store in a container, made by New or Open. Its methods may be
// called concurrently.
type Store struct {
	codec    keydoc.Codec
	interval time.Duration
	create   bool
	client   *container.Client
	prefix   string
}

// New returns a store, or everything that is wrong with c.
func New(c Config) (*Store, error) {
	var errs []error
	if c.Client == nil {
		errs = append(errs, errors.New("blobkeys: Config.Client: it is required"))
	}
	if c.Prefix == "" || strings.Trim(c.Prefix, "/") != c.Prefix {
		errs = append(errs, fmt.Errorf("blobkeys: Config.Prefix: %q: not the name of a folder", c.Prefix))
	}
	switch {
	case c.Protector == nil && !c.InsecurePlain:
		errs = append(errs, errors.New("blobkeys: Config.Protector: values are encrypted: give it a key, or set InsecurePlain"))
	case c.Protector != nil && c.InsecurePlain:
		errs = append(errs, errors.New("blobkeys: Config.Protector and Config.InsecurePlain: to decrypt only, put it into Decrypt"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	var chain atrest.Chain
	if c.Protector != nil {
		chain = append(chain, c.Protector)
	}
	codec := keydoc.Codec{Protector: append(chain, c.Decrypt...), InsecurePlain: c.InsecurePlain, Origin: c.Origin}
	if c.Interval <= 0 {
		c.Interval = DefaultInterval
	}
	return &Store{codec, c.Interval, c.CreateContainer, c.Client, c.Prefix}, nil
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
	set, _, err := st.load(ctx, name, s)
	return set, err
}

// load returns the keys in a blob, and its bytes.
func (st *Store) load(ctx context.Context, name string, s keys.Scope) (set keys.Set, data []byte, err error) {
	data, etag, err := st.download(ctx, name, s)
	for err == nil {
		var decodeErr error
		if set, decodeErr = st.codec.Decode(s, data); decodeErr == nil {
			set.Version = etag
			return set, data, nil
		}
		// If it was written again meanwhile, the key of what was read may have
		// been dropped.
		before := etag
		if data, etag, err = st.download(ctx, name, s); err == nil && etag == before {
			err = &keys.CorruptError{Scope: s, Source: name, Err: decodeErr}
		}
	}
	return keys.Set{}, nil, err
}

// download returns the bytes and the ETag of a blob.
func (st *Store) download(ctx context.Context, name string, s keys.Scope) (data []byte, etag string, err error) {
	got, err := st.client.NewBlobClient(name).DownloadStream(ctx, nil)
	switch {
	case bloberror.HasCode(err, bloberror.BlobNotFound, bloberror.ContainerNotFound):
		return nil, "", fmt.Errorf("%w: %q", keys.ErrNotFound, name)
	case bloberror.HasCode(err, bloberror.BlobArchived):
		return nil, "", &keys.CorruptError{Scope: s, Source: name, Err: errors.New("it is in the archive tier")}
	case err != nil:
		return nil, "", failed("load", name, err)
	case got.ETag == nil || *got.ETag == "":
		return nil, "", fmt.Errorf("blobkeys: load %q: the answer has no ETag", name)
	}
	body := got.NewRetryReader(ctx, nil)
	defer body.Close()
	data, err = io.ReadAll(io.LimitReader(body, maxDocument+1))
	if err != nil {
		return nil, "", failed("load", name, err)
	}
	if len(data) > maxDocument {
		return nil, "", &keys.CorruptError{Scope: s, Source: name, Err: fmt.Errorf("more than %d bytes", maxDocument)}
	}
	return data, string(*got.ETag), nil
}

// Rewrite writes every document again that is stale: of version 0, or with a
// value in clear or encrypted otherwise than a new one would be. The keys stay
// what they are. It returns the scopes that it wrote, and an error that joins
// those of documents it could not read or write, which are left alone.
func (st *Store) Rewrite(ctx context.Context) ([]keys.Scope, error) {
	versions, err := st.versions(ctx)
	if err != nil {
		return nil, failed("list", st.prefix, err)
	}
	var done []keys.Scope
	var errs []error
	for s := range versions {
		written, err := st.rewrite(ctx, s)
		if err != nil {
			errs = append(errs, err)
		}
		if written {
			done = append(done, s)
		}
	}
	return done, errors.Join(errs...)
}

// rewrite writes a document again if it is stale, and again if another writer
// came between.
func (st *Store) rewrite(ctx context.Context, s keys.Scope) (written bool, err error) {
	name, err := st.name(ctx, s)
	for err == nil {
		var set keys.Set
		var data []byte
		if set, data, err = st.load(ctx, name, s); err != nil {
			break
		}
		var stale bool
		if stale, err = st.codec.Stale(s, data); err != nil || !stale {
			break
		}
		if err = st.Save(ctx, s, set); err == nil {
			return true, nil
		}
		if errors.Is(err, keys.ErrChanged) {
			err = nil
		}
	}
	if errors.Is(err, keys.ErrNotFound) { // removed meanwhile
		err = nil
	}
	return false, err
}

// Save replaces the keys of a scope, or returns keys.ErrChanged. If the answer
// to a write is lost, the client writes again and finds its own version: that is
// keys.ErrChanged too.
func (st *Store) Save(ctx context.Context, s keys.Scope, set keys.Set) error {
	name, err := st.name(ctx, s)
	if err != nil {
		return err
	}
	text, err := st.codec.Encode(s, set)
	if err != nil {
		return fmt.Errorf("blobkeys: %q: %w", name, err)
	}
	err = st.upload(ctx, name, set.Version, text)
	if st.create && set.Version == "" && bloberror.HasCode(err, bloberror.ContainerNotFound) {
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
	seen, _ := st.versions(ctx)
	ticker := time.NewTicker(st.interval)
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

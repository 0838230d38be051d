package blobkeys

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/atrest"
	"github.com/httptrigger/httptrigger/keys/filekeys"
	"github.com/httptrigger/httptrigger/keys/keydoc"
)

// ErrNoRepository is returned by Open if the settings name no place for keys.
// The source then runs without: no key is ever recognised.
var ErrNoRepository = errors.New("blobkeys: the settings name no place for keys")

// Open returns the store that an app's settings choose: see
// keydoc.ChooseRepository.
//
// Files are in FUNCTIONS_SECRETS_PATH, or in data/Functions/secrets below HOME
// on App Service (WEBSITE_INSTANCE_ID is set). Blobs are in the account of the
// connection string AzureWebJobsStorage, or in the container of the URL
// AzureWebJobsSecretStorageSas, below the site's name: WEBSITE_SITE_NAME and
// WEBSITE_SLOT_NAME, else AzureFunctionsWebHost__hostid. Values are encrypted as
// the source does if AzureWebEncryptionKey is set.
//
// Key Vault, Kubernetes and connections by identity are errors: for the last,
// make a client and use New.
func Open(settings map[string]string) (keys.Store, error) {
	repository, err := keydoc.ChooseRepository(settings, false)
	if err != nil {
		return nil, err
	}
	codec := keydoc.Codec{Origin: keys.Origin{HostName: settings["WEBSITE_HOSTNAME"], DecryptionKeyID: atrest.DecryptionKeyID(settings)}}
	if settings["AzureWebEncryptionKey"] != "" {
		ring, err := atrest.RingFromSettings(settings)
		if err != nil {
			return nil, err
		}
		codec.Protector = ring
	}
	switch repository {
	case keydoc.Files:
		return openFiles(settings, codec)
	case keydoc.Blob, keydoc.BlobSAS:
		return openBlobs(repository, settings, codec)
	case keydoc.NoRepository:
		return nil, ErrNoRepository
	}
	return nil, fmt.Errorf("blobkeys: AzureWebJobsSecretStorageType: %q has no store here", repository)
}

func openFiles(settings map[string]string, codec keydoc.Codec) (keys.Store, error) {
	dir := settings["FUNCTIONS_SECRETS_PATH"]
	if settings["WEBSITE_INSTANCE_ID"] != "" && settings["HOME"] != "" {
		dir = settings["HOME"] + "/data/Functions/secrets"
	}
	if dir == "" {
		return nil, errors.New("blobkeys: FUNCTIONS_SECRETS_PATH is not set")
	}
	store, err := filekeys.Open(dir)
	if err != nil {
		return nil, err
	}
	store.Codec = codec
	return store, nil
}

func openBlobs(repository keydoc.Repository, settings map[string]string, codec keydoc.Codec) (keys.Store, error) {
	site := settings["WEBSITE_SITE_NAME"]
	if site == "" {
		site = settings["AzureFunctionsWebHost__hostid"]
	}
	if site == "" {
		return nil, errors.New("blobkeys: neither WEBSITE_SITE_NAME nor AzureFunctionsWebHost__hostid is set: apps would share their keys")
	}
	// Whoever waits for a load is a caller: few tries, and short ones.
	options := &container.ClientOptions{ClientOptions: azcore.ClientOptions{Retry: policy.RetryOptions{
		MaxRetries: 2, TryTimeout: 4 * time.Second, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: time.Second,
	}}}
	var client *container.Client
	var err error
	if repository == keydoc.BlobSAS {
		client, err = container.NewClientWithNoCredential(settings["AzureWebJobsSecretStorageSas"], options)
	} else if connection := settings["AzureWebJobsStorage"]; strings.Contains(connection, "=") {
		client, err = container.NewClientFromConnectionString(connection, Container, options)
	} else {
		return nil, errors.New("blobkeys: AzureWebJobsStorage is not a connection string")
	}
	if err != nil { // it may quote the setting
		return nil, errors.New("blobkeys: the storage settings do not make a client")
	}
	store, err := New(client, keydoc.BlobPrefix(site, settings["WEBSITE_SLOT_NAME"]))
	if err != nil {
		return nil, err
	}
	store.Codec, store.CreateContainer = codec, repository == keydoc.Blob
	return store, nil
}

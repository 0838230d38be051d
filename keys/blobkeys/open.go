package blobkeys

import (
	"errors"
	"fmt"
	"path/filepath"
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

// Options are what an app's settings do not say.
type Options struct {
	// Protector encrypts values in place of the key that the settings give.
	Protector keydoc.Protector

	// InsecurePlain writes values in clear, also if there is a key in the
	// settings, which then only decrypts.
	InsecurePlain bool

	// Compat encrypts in the source's form, if AzureWebEncryptionKey is set, or on
	// App Service and in its containers any of the source's keys, so that a host
	// of the source's own can go on using the same store.
	Compat bool
}

// Open returns the store that an app's settings choose: see
// keydoc.ChooseRepository. No options are the defaults.
//
// Files are in FUNCTIONS_SECRETS_PATH, or in data/Functions/secrets below HOME
// on App Service (WEBSITE_INSTANCE_ID is set). Blobs are in the account of the
// connection string AzureWebJobsStorage, or in the container of the URL
// AzureWebJobsSecretStorageSas, below the site's name: WEBSITE_SITE_NAME and
// WEBSITE_SLOT_NAME, else AzureFunctionsWebHost__hostid.
//
// Values are encrypted with AES-256-GCM, under a key that is derived from
// AzureWebEncryptionKey: see atrest.RingFromSettings. What the source encrypted
// with it or with its kin, MACHINEKEY_DecryptionKey and AzureWebEncryptionKey_{guid},
// is read, and so are values in clear; both are encrypted anew when their document
// is saved. Without AzureWebEncryptionKey files get a key file (see
// filekeys.Config), and blobs are an error until there is a key or one of the
// options. A host of the source's own does not read values in this form, and does
// not change them: use Compat for a store that both share.
//
// Key Vault, Kubernetes and connections by identity are errors: for the last,
// make a client and use New.
func Open(settings map[string]string, o *Options) (keys.Store, error) {
	if o == nil {
		o = &Options{}
	}
	repository, err := keydoc.ChooseRepository(settings, false)
	if err != nil {
		return nil, err
	}
	c := chosen{Options: *o, settings: settings}
	if err := c.chooseKey(); err != nil {
		return nil, err
	}
	switch repository {
	case keydoc.Files:
		return c.files()
	case keydoc.Blob, keydoc.BlobSAS:
		return c.blobs(repository)
	case keydoc.NoRepository:
		return nil, ErrNoRepository
	}
	return nil, fmt.Errorf("blobkeys: AzureWebJobsSecretStorageType: %q has no store here", repository)
}

// chosen is what options and settings say about a store.
type chosen struct {
	Options
	settings map[string]string
	decrypt  []keydoc.Protector
}

// chooseKey finds what encrypts, and what decrypts beside it. The source takes its
// default key from either of two settings, and named keys from others (source:
// Azure.WebSites.DataProtection, Util.cs and AzureWebsitesXmlRepository.cs).
func (c *chosen) chooseKey() error {
	if c.Protector != nil && (c.InsecurePlain || c.Compat) {
		return errors.New("blobkeys: Options.Protector: it goes with neither InsecurePlain nor Compat")
	}
	given := c.settings["AzureWebEncryptionKey"] != ""
	if !given && !c.hasOtherKey() {
		return nil
	}
	ring, err := atrest.RingFromSettings(c.settings)
	if err != nil {
		return err
	}
	envelope, err := ring.Envelope()
	if err != nil {
		return err
	}
	c.decrypt = []keydoc.Protector{envelope, ring}
	switch {
	case c.Protector != nil || c.InsecurePlain:
	case c.Compat && (given || c.onAppService() || c.settings["CONTAINER_NAME"] != ""):
		c.Protector = ring
	case given:
		c.Protector = envelope
	}
	return nil
}

// hasOtherKey reports whether there is a key of the source's beside
// AzureWebEncryptionKey.
func (c *chosen) hasOtherKey() bool {
	for name, value := range c.settings {
		if value != "" && (name == "MACHINEKEY_DecryptionKey" || strings.HasPrefix(name, "AzureWebEncryptionKey_")) {
			return true
		}
	}
	return false
}

func (c *chosen) onAppService() bool { return c.settings["WEBSITE_INSTANCE_ID"] != "" }

func (c *chosen) origin() keys.Origin {
	instance := c.settings["WEBSITE_INSTANCE_ID"]
	return keys.Origin{
		HostName:        c.settings["WEBSITE_HOSTNAME"],
		InstanceID:      instance[:min(len(instance), 32)],
		DecryptionKeyID: atrest.DecryptionKeyID(c.settings),
	}
}

func (c *chosen) files() (keys.Store, error) {
	dir := c.settings["FUNCTIONS_SECRETS_PATH"]
	if c.onAppService() && c.settings["HOME"] != "" {
		dir = c.settings["HOME"] + "/data/Functions/secrets"
	}
	if dir == "" {
		return nil, errors.New("blobkeys: FUNCTIONS_SECRETS_PATH is not set")
	}
	if c.Protector != nil { // what was written before there was a key in the settings
		c.decrypt = append(c.decrypt, &atrest.KeyFile{Path: filepath.Join(dir, filekeys.KeyFileName)})
	}
	return filekeys.New(filekeys.Config{
		Dir: dir, Protector: c.Protector, Decrypt: c.decrypt, InsecurePlain: c.InsecurePlain, Origin: c.origin(),
	})
}

func (c *chosen) blobs(repository keydoc.Repository) (keys.Store, error) {
	if c.Protector == nil && !c.InsecurePlain {
		return nil, errors.New("blobkeys: nothing to encrypt keys with: set AzureWebEncryptionKey or Options.Protector, or choose Options.InsecurePlain")
	}
	site := c.settings["WEBSITE_SITE_NAME"]
	if site == "" {
		site = c.settings["AzureFunctionsWebHost__hostid"]
	}
	if site == "" {
		return nil, errors.New("blobkeys: neither WEBSITE_SITE_NAME nor AzureFunctionsWebHost__hostid is set: apps would share their keys")
	}
	client, err := newClient(repository, c.settings)
	if err != nil {
		return nil, err
	}
	return New(Config{
		Client: client, Prefix: keydoc.BlobPrefix(site, c.settings["WEBSITE_SLOT_NAME"]), CreateContainer: repository == keydoc.Blob,
		Protector: c.Protector, Decrypt: c.decrypt, InsecurePlain: c.InsecurePlain, Origin: c.origin(),
	})
}

func newClient(repository keydoc.Repository, settings map[string]string) (*container.Client, error) {
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
	return client, nil
}

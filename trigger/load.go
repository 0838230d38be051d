package trigger

import (
	"errors"
	"fmt"
	"io/fs"
)

// LoadOptions say how an app is read. The zero LoadOptions read an app of the
// current runtime in the Default profile, with no environment.
type LoadOptions struct {
	// Compat reads as the reference does: its lenient JSON, its conversions and
	// its silence about unknown settings. A function with a mistake lands in
	// App.Failed and the others load. A function without a script file has a
	// mistake if others of the app have one and there is no custom handler.
	Compat bool

	// AllowUnknown makes warnings of unknown and doubled settings, for apps
	// that are being moved. It changes nothing in Compat.
	AllowUnknown bool

	// Env has the environment variables and application settings. Nothing is
	// read from the process's own environment.
	//
	// AzureFunctionsJobHost__ followed by a path with __ between its names
	// overrides a setting of host.json. AzureWebJobs.NAME.Disabled or
	// AzureWebJobs_NAME_Disabled set to true or 1 turns a function off.
	// FUNCTIONS_REQUEST_BODY_SIZE_LIMIT, CORS_ALLOWED_ORIGINS with
	// CORS_SUPPORT_CREDENTIALS and FUNCTIONS_ENABLE_CORS_CONFIGURATION,
	// AzureWebJobsDisableHomepage, WEBSITE_AUTH_ENABLED, WEBSITE_SKU,
	// WEBSITE_INSTANCE_ID and CONTAINER_NAME mean what they mean on the
	// platform.
	Env map[string]string

	// Consumption takes the limits of the Consumption plan where host.json
	// names none: 100 running, 200 outstanding, dynamic throttles on, five
	// minutes for a function and never more than ten. In Compat, WEBSITE_SKU
	// says the same by itself.
	Consumption bool

	// V1 reads an app of runtime 1.x.
	V1 bool

	// Root is the folder of the app as the admin API shows it, and in Compat
	// errors do.
	Root string
}

// A loader reads one app.
type loader struct {
	LoadOptions
	fsys fs.FS
	app  *App

	// routeAt has where the route of each function is written, by folder.
	routeAt map[string]routePlace

	// scripts says whether functions of the app have script files, nil if
	// nobody has looked yet.
	scripts *bool

	// off has the functions that settings turn off, by name in lower case.
	off map[string]bool

	errs []error
}

// LoadApp reads an app: host.json in the root of fsys, and function.json in
// each folder of the root that has one.
//
// In Default the error joins every mistake of all files; each is a
// *ConfigError. The App is returned all the same, with what could be read.
//
// In Compat the error is what keeps the app as a whole from starting, and is
// also in App.Err. The mistakes of single functions are in App.Failed. If fsys is
// Files, a host.json that is missing or an empty object is written there with the
// defaults, as the reference does; an fs.FS that is no more than that is read.
//
// Only I/O errors other than a missing file in the folder are returned with a
// nil App.
func LoadApp(fsys fs.FS, opts *LoadOptions) (*App, error) {
	l := &loader{fsys: fsys, app: &App{}}
	if opts != nil {
		l.LoadOptions = *opts
	}
	l.app.Root = l.LoadOptions.Root
	if _, err := fs.Stat(fsys, "."); err != nil {
		return nil, fmt.Errorf("trigger: the folder of the app: %w", err)
	}
	if err := l.host(); err != nil {
		return nil, err
	}
	if l.Compat && len(l.errs) > 0 {
		l.app.Err = l.errs[0]
	}
	if err := l.functions(); err != nil {
		return nil, err
	}
	var err error
	if l.app.Offline, err = l.readFile("app_offline.htm"); err != nil {
		return nil, err
	}
	if l.Compat {
		return l.app, l.app.Err
	}
	l.app.Err = errors.Join(l.errs...)
	return l.app, l.app.Err
}

// readFile returns a file of the app, nil if there is none.
func (l *loader) readFile(name string) ([]byte, error) {
	data, err := fs.ReadFile(l.fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && data == nil {
		data = []byte{}
	}
	return data, err
}

func (l *loader) mistake(err error) { l.errs = append(l.errs, err) }

func (l *loader) warn(err error) { l.app.Warnings = append(l.app.Warnings, err) }

// unknown reports what AllowUnknown lets pass.
func (l *loader) unknown(err error) {
	if l.AllowUnknown {
		l.warn(err)
	} else {
		l.mistake(err)
	}
}

package trigger

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strings"
	"syscall"
)

// newFunction is the body of PUT admin/functions/NAME.
type newFunction struct {
	Config   json.RawMessage   `json:"config"`
	Files    map[string]string `json:"files"`
	TestData json.RawMessage   `json:"test_data"`
}

// putFunction writes a function's folder (WebFunctionsManager.cs): the files, if
// the body has some, in the place of those there, and function.json last. The
// host goes on with the app it has until it is reloaded.
func (a *admin) putFunction(x *exchange, name string) {
	text, ok := a.readFunction(x)
	if !ok {
		return
	}
	var f *newFunction
	if json.Unmarshal(text, &f) != nil || f == nil {
		x.answerEmpty(http.StatusBadRequest)
		return
	}
	if !ValidName(name) {
		x.answerText(http.StatusBadRequest, "text/plain; charset=utf-8", fieldText(name)+" is not a valid function name")
		return
	}
	a.site.host.state.files.Lock()
	defer a.site.host.state.files.Unlock()
	err := a.writeFunction(name, f)
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		x.answerText(http.StatusBadRequest, "text/plain; charset=utf-8",
			"Your app is currently in read only mode. Cannot create or update functions.")
		return
	case errors.Is(err, fs.ErrInvalid):
		x.answerEmpty(http.StatusBadRequest)
		return
	case err != nil:
		x.refuse(&fileError{http.StatusInternalServerError, name, err})
		return
	}
	if f := a.site.FilesChanged; f != nil {
		f(x.r.Context())
	}
	base := a.site.base(x.r)
	x.w.Header()["Location"] = []string{base + "/admin/functions/" + name}
	x.answerJSON(http.StatusCreated, a.info(a.readBack(name), base))
}

// readFunction reads a body that must be JSON, of the length that the host's
// limit allows.
func (a *admin) readFunction(x *exchange) ([]byte, bool) {
	if !isJSON(x.r.Header.Get("Content-Type")) {
		x.answerEmpty(http.StatusUnsupportedMediaType)
		return nil, false
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(a.fileBody(x)); err != nil {
		x.answerEmpty(a.writeStatus(err))
		return nil, false
	}
	return text.Bytes(), true
}

// writeFunction writes the files of a function. All names are looked at before
// anything is written.
func (a *admin) writeFunction(name string, f *newFunction) error {
	dir := a.folderOf(name)
	config := []byte(f.Config)
	for file := range f.Files {
		if !fs.ValidPath(file) || file == "." || strings.ContainsAny(file, "\\\x00") {
			return &fs.PathError{Op: "write", Path: file, Err: fs.ErrInvalid}
		}
		if file == functionFile {
			config = []byte(f.Files[file])
		}
	}
	if isNull(f.Config) && f.Files[functionFile] == "" {
		config = nil
	}
	for _, file := range sortedKeys(f.Files) {
		if file == functionFile {
			continue
		}
		if err := a.site.Files.Write(path.Join(dir, file), strings.NewReader(f.Files[file])); err != nil {
			return err
		}
	}
	if f.Files != nil {
		if err := a.dropOthers(dir, f.Files); err != nil {
			return err
		}
	}
	if len(config) == 0 {
		return a.site.Files.Mkdir(dir)
	}
	return a.site.Files.Write(path.Join(dir, functionFile), bytes.NewReader(config))
}

// dropOthers removes from a folder what is not in a list, but for function.json.
func (a *admin) dropOthers(dir string, kept map[string]string) error {
	entries, err := fs.ReadDir(a.site.Files, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		keep := e.Name() == functionFile
		for name := range kept {
			first, _, _ := strings.Cut(name, "/")
			keep = keep || first == e.Name() || strings.EqualFold(first, e.Name()) && a.same(path.Join(dir, first), e)
		}
		if !keep {
			err = errors.Join(err, a.site.Files.Remove(path.Join(dir, e.Name()), true))
		}
	}
	return err
}

// same reports whether name is the file of e, which it can be under another casing.
func (a *admin) same(name string, e fs.DirEntry) bool {
	one, err := fs.Stat(a.site.Files, name)
	if err != nil {
		return false
	}
	other, err := e.Info()
	return err == nil && os.SameFile(one, other)
}

// folderOf is the folder of a function: the one there is, whatever its casing, or
// one of its name.
func (a *admin) folderOf(name string) string {
	entries, _ := fs.ReadDir(a.site.Files, ".")
	for _, e := range entries {
		if e.IsDir() && strings.EqualFold(e.Name(), name) {
			return e.Name()
		}
	}
	return name
}

// readBack describes a function as its file says now.
func (a *admin) readBack(name string) *FunctionConfig {
	app, _ := LoadApp(a.site.Files, &LoadOptions{Compat: a.site.Compat, AllowUnknown: true, Root: a.site.app.Root, Env: a.site.Env})
	if app != nil {
		for i := range app.Functions {
			if strings.EqualFold(app.Functions[i].Name, name) {
				return &app.Functions[i]
			}
		}
	}
	text, err := fs.ReadFile(a.site.Files, path.Join(a.folderOf(name), functionFile))
	if err != nil || !json.Valid(text) {
		text = nil
	}
	return &FunctionConfig{Name: a.folderOf(name), json: text}
}

// deleteFunction removes the folder of a function.
func (a *admin) deleteFunction(x *exchange, name string) {
	a.site.host.state.files.Lock()
	defer a.site.host.state.files.Unlock()
	dir := a.folderOf(name)
	if _, err := fs.Stat(a.site.Files, path.Join(dir, functionFile)); !ValidName(name) || err != nil {
		x.refuse(&NotFoundError{})
		return
	}
	if err := a.site.Files.Remove(dir, true); err != nil {
		x.refuse(&fileError{http.StatusInternalServerError, name, err})
		return
	}
	_ = a.changed(x, http.StatusNoContent)
}

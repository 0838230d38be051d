package trigger

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/internal/refuse"
	"github.com/httptrigger/httptrigger/keys"
)

// A fileError refuses a request for files.
type fileError struct {
	status int
	name   string
	err    error
}

func (e *fileError) Error() string   { return fmt.Sprintf("trigger: admin: file %q: %v", e.name, e.err) }
func (e *fileError) Unwrap() error   { return e.err }
func (e *fileError) StatusCode() int { return e.status }

var (
	errOutside = errors.New("not below the folder of the app")
	errNoMatch = errors.New("If-Match is missing or another file's")
	errThere   = errors.New("there is a folder of this name")
)

// fileStatus is the status for what a file system refuses.
func fileStatus(err error, otherwise int) int {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return http.StatusNotFound
	case errors.Is(err, fs.ErrPermission), strings.Contains(err.Error(), "escapes from parent"):
		return http.StatusForbidden
	}
	return otherwise
}

// serveFiles answers admin/vfs/… and admin/zip/…, the files of the app
// (VirtualFileSystemMiddleware.cs): whoever may not is 401, whatever the reason,
// and another method than these is 405.
func (a *admin) serveFiles(x *exchange, rest string) bool {
	kind, rest, _ := strings.Cut(rest, "/")
	zipped := strings.EqualFold(kind, "zip")
	if a.site.Files == nil || !zipped && !strings.EqualFold(kind, "vfs") {
		return false
	}
	if !a.authorizeFiles(x) {
		return true
	}
	methods := []string{"DELETE", "GET", "PUT"}
	if zipped {
		methods = methods[1:2]
	}
	if !allows(x.r.Method, methods...) {
		x.refuse(&MethodError{Method: x.r.Method, Allowed: methods})
		return true
	}
	name, err := a.fileName(rest)
	switch {
	case err != nil:
	case zipped:
		err = a.zip(x, name, path.Base("/"+name))
	case x.r.Method == http.MethodGet:
		err = a.getFile(x, name, rest)
	case x.r.Method == http.MethodPut && strings.HasSuffix(rest, "/"):
		err = a.putFolder(x, name)
	case x.r.Method == http.MethodPut:
		err = a.putFile(x, name)
	default:
		err = a.deleteFile(x, name)
	}
	if err != nil {
		x.refuse(err)
	}
	return true
}

// authorizeFiles asks for the master key, and for the platform's mark if that is
// asked for.
func (a *admin) authorizeFiles(x *exchange) bool {
	if a.site.Compat && !x.readPrincipal() {
		return false
	}
	guard := keys.Guard{
		Resolver: a.site.Keys, Level: keys.Admin, Compat: a.site.Compat, Tokens: a.site.Tokens, Isolate: a.site.isolated(),
	}
	grant, err := guard.Check(x.r)
	x.grant = grant
	if err != nil {
		if refuse.Status(err) == http.StatusForbidden {
			err = &unauthorizedError{err}
		}
		x.refuse(err)
		return false
	}
	if !a.site.Compat {
		x.r = keys.StripCode(x.r)
	}
	return true
}

// An unauthorizedError is any refusal, as 401.
type unauthorizedError struct{ error }

func (e *unauthorizedError) Unwrap() error { return e.error }
func (*unauthorizedError) StatusCode() int { return http.StatusUnauthorized }

// fileName is the name that a path below admin/vfs means: below the root of the
// app as admin endpoints show it, or relative to it. Dot segments are gone by
// now; an encoded slash or a backslash would be a way around that.
func (a *admin) fileName(rest string) (string, error) {
	name := strings.Trim(rest, "/")
	p := a.paths()
	root := strings.Trim(p.below(p.script), "/")
	if name == root {
		name = ""
	} else if below, ok := strings.CutPrefix(name, root+"/"); ok && root != "" {
		name = below
	}
	if name == "" {
		return ".", nil
	}
	if !fs.ValidPath(name) || strings.ContainsAny(name, "\\\x00") || strings.Contains(strings.ToLower(name), "%2f") {
		return "", &fileError{http.StatusForbidden, name, errOutside}
	}
	return name, nil
}

// fileTag is the entity tag of a file.
func fileTag(info fs.FileInfo) string {
	return fmt.Sprintf(`"%x-%x"`, info.ModTime().UnixNano(), info.Size())
}

// getFile answers with a file, or with the list of a folder.
func (a *admin) getFile(x *exchange, name, rest string) error {
	info, err := fs.Stat(a.site.Files, name)
	if err != nil {
		return &fileError{fileStatus(err, http.StatusNotFound), name, err}
	}
	slash := strings.HasSuffix(rest, "/") || rest == ""
	switch sent := a.site.base(x.r) + x.r.URL.EscapedPath(); {
	case info.IsDir() && !slash:
		return x.moved(sent + "/")
	case info.IsDir():
		return a.listFolder(x, name)
	case slash:
		return x.moved(strings.TrimRight(sent, "/"))
	}
	file, err := a.site.Files.Open(name)
	if err != nil {
		return &fileError{fileStatus(err, http.StatusNotFound), name, err}
	}
	defer file.Close()
	content, ok := file.(io.ReadSeeker)
	if !ok {
		text, err := io.ReadAll(file)
		if err != nil {
			return &fileError{http.StatusNotFound, name, err}
		}
		content = strings.NewReader(string(text))
	}
	h := x.w.Header()
	h.Set("Content-Type", fileType(name))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Etag", fileTag(info))
	x.status = http.StatusOK
	http.ServeContent(x.w, x.r, "", info.ModTime(), content)
	return nil
}

func fileType(name string) string {
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return octets
}

func (x *exchange) moved(to string) error {
	x.w.Header()["Location"] = []string{to}
	x.answerEmpty(http.StatusTemporaryRedirect)
	return nil
}

// A listedFile is one of a folder.
type listedFile struct {
	Name    string    `json:"name"`
	Size    int64     `json:"size"`
	Changed time.Time `json:"mtime"`
	Created time.Time `json:"crtime"`
	Type    string    `json:"mime"`
	Href    string    `json:"href"`
	Path    string    `json:"path"`
}

func (a *admin) listFolder(x *exchange, name string) error {
	entries, err := fs.ReadDir(a.site.Files, name)
	if err != nil {
		return &fileError{fileStatus(err, http.StatusInternalServerError), name, err}
	}
	base := a.site.base(x.r) + strings.TrimSuffix(x.r.URL.EscapedPath(), "/") + "/"
	list := []listedFile{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // it is gone by now
		}
		f := listedFile{
			Name: e.Name(), Size: info.Size(), Changed: info.ModTime().UTC(), Created: info.ModTime().UTC(), Type: fileType(e.Name()),
			Href: base + url.PathEscape(e.Name()), Path: strings.TrimSuffix(a.paths().script, "/") + "/" + path.Join(name, e.Name()),
		}
		if e.IsDir() {
			f.Size, f.Type, f.Href = 0, "inode/directory", f.Href+"/"
		}
		list = append(list, f)
	}
	x.answerJSON(http.StatusOK, list)
	return nil
}

// mayChange compares the tag that a change is made for.
func mayChange(x *exchange, name string, info fs.FileInfo) error {
	for tag := range strings.SplitSeq(strings.Join(x.r.Header["If-Match"], ","), ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || tag == fileTag(info) {
			return nil
		}
	}
	if x.r.Header["If-Match"] != nil {
		x.w.Header()["Etag"] = []string{fileTag(info)}
	}
	return &fileError{http.StatusPreconditionFailed, name, errNoMatch}
}

// mayPut says with which status a file will be written. A file that is there is
// replaced only by who names its tag.
func (a *admin) mayPut(x *exchange, name string) (status int, err error) {
	info, err := fs.Stat(a.site.Files, name)
	switch {
	case err == nil && info.IsDir():
		return 0, &fileError{http.StatusConflict, name, errThere}
	case err == nil:
		return http.StatusNoContent, mayChange(x, name, info)
	case !errors.Is(err, fs.ErrNotExist):
		return 0, &fileError{fileStatus(err, http.StatusConflict), name, err}
	}
	return http.StatusCreated, nil
}

// putFolder makes a folder.
func (a *admin) putFolder(x *exchange, name string) error {
	a.site.host.state.files.Lock()
	defer a.site.host.state.files.Unlock()
	info, err := fs.Stat(a.site.Files, name)
	switch {
	case err == nil && info.IsDir():
		return &fileError{http.StatusConflict, name, errThere}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return &fileError{fileStatus(err, http.StatusConflict), name, err}
	}
	if err := a.site.Files.Mkdir(name); err != nil {
		return &fileError{fileStatus(err, http.StatusConflict), name, err}
	}
	return a.changed(x, http.StatusCreated)
}

// putFile writes a file. Whether it may is looked at twice: before the body is
// read, and when it is there, for by then another may have changed the file.
func (a *admin) putFile(x *exchange, name string) error {
	status, refused := a.mayPut(x, name)
	if refused != nil {
		return refused
	}
	locked := false
	defer func() {
		if locked {
			a.site.host.state.files.Unlock()
		}
	}()
	body := &upload{Reader: a.fileBody(x), end: func() error {
		a.site.host.state.files.Lock()
		locked = true
		status, refused = a.mayPut(x, name)
		return refused
	}}
	err := a.site.Files.Write(name, body)
	switch {
	case refused != nil:
		return refused
	case err != nil:
		return &fileError{a.writeStatus(err), name, err}
	}
	if info, err := fs.Stat(a.site.Files, name); err == nil {
		x.w.Header()["Etag"] = []string{fileTag(info)}
	}
	return a.changed(x, status)
}

// An upload is a body that comes as slowly as its sender likes, so nobody is held
// up while it does. At its end it asks once whether it still counts.
type upload struct {
	io.Reader
	end func() error
	err error // how it ended
}

func (u *upload) Read(p []byte) (n int, err error) {
	if u.err != nil {
		return 0, u.err
	}
	if n, err = u.Reader.Read(p); err == io.EOF {
		if refused := u.end(); refused != nil {
			err = refused
		}
	}
	u.err = err
	return n, err
}

// fileBody is the body of a request, of the length that the host's own limit
// allows, and never of more than a function may be sent.
func (a *admin) fileBody(x *exchange) io.Reader {
	return http.MaxBytesReader(x.w, x.r.Body, defaultMaxBody)
}

// writeStatus is the status for a file that could not be written.
func (a *admin) writeStatus(err error) int {
	var size *http.MaxBytesError
	switch {
	case !errors.As(err, &size):
		return fileStatus(err, http.StatusConflict)
	case a.site.Compat:
		return http.StatusInternalServerError
	}
	return http.StatusRequestEntityTooLarge
}

func (a *admin) deleteFile(x *exchange, name string) error {
	a.site.host.state.files.Lock()
	defer a.site.host.state.files.Unlock()
	info, err := fs.Stat(a.site.Files, name)
	if err != nil {
		return &fileError{fileStatus(err, http.StatusNotFound), name, err}
	}
	all := false
	if info.IsDir() {
		all = strings.EqualFold(x.r.URL.Query().Get("recursive"), "true")
	} else if err := mayChange(x, name, info); err != nil {
		return err
	}
	if err := a.site.Files.Remove(name, all); err != nil {
		return &fileError{fileStatus(err, http.StatusConflict), name, err}
	}
	return a.changed(x, http.StatusOK)
}

// changed answers, and tells the embedder that the app is another now.
func (a *admin) changed(x *exchange, status int) error {
	if f := a.site.FilesChanged; f != nil {
		f(x.r.Context())
	}
	x.answerEmpty(status)
	return nil
}

// download answers with the whole app (FunctionsController.cs).
func (a *admin) download(x *exchange, _ string) {
	if err := a.zip(x, ".", a.env("WEBSITE_SITE_NAME", "functions")); err != nil {
		x.refuse(err)
	}
}

// zip answers with a folder as an archive, as it is read. What is gone when its
// turn comes is left out; an error on the way cuts the connection: half an archive
// is none.
func (a *admin) zip(x *exchange, folder, title string) error {
	info, err := fs.Stat(a.site.Files, folder)
	if err != nil || !info.IsDir() {
		return &fileError{http.StatusNotFound, folder, errors.Join(err, fs.ErrNotExist)}
	}
	h := x.w.Header()
	h.Set("Content-Type", octets)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": title + ".zip"}))
	x.status = http.StatusOK
	x.w.WriteHeader(http.StatusOK)
	archive := zip.NewWriter(x.w)
	err = fs.WalkDir(a.site.Files, folder, func(name string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil || !e.Type().IsRegular() || strings.HasPrefix(e.Name(), beingWritten):
			return err
		}
		return a.addTo(archive, name, folder)
	})
	if err = errors.Join(err, archive.Close()); err != nil {
		a.site.Logger.WarnContext(x.r.Context(), "Archive not finished", "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (a *admin) addTo(archive *zip.Writer, name, folder string) error {
	file, err := a.site.Files.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	inside := name
	if folder != "." {
		inside = strings.TrimPrefix(name, folder+"/")
	}
	entry, err := archive.CreateHeader(&zip.FileHeader{Name: inside, Method: zip.Deflate, Modified: info.ModTime()})
	if err != nil {
		return err
	}
	_, err = io.Copy(entry, file)
	return err
}

package webhook_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/httptrigger/httptrigger/webhook"
)

// verifierTypes are the verifiers of the package, new ones of their zero value,
// by name.
var verifierTypes = map[string]func() webhook.Verifier{
	"Bitbucket":   func() webhook.Verifier { return &webhook.Bitbucket{} },
	"CloudEvents": func() webhook.Verifier { return &webhook.CloudEvents{} },
	"Discord":     func() webhook.Verifier { return &webhook.Discord{} },
	"DockerHub":   func() webhook.Verifier { return &webhook.DockerHub{} },
	"EventGrid":   func() webhook.Verifier { return &webhook.EventGrid{} },
	"GenericJSON": func() webhook.Verifier { return &webhook.GenericJSON{} },
	"GitHub":      func() webhook.Verifier { return &webhook.GitHub{} },
	"GitLab":      func() webhook.Verifier { return &webhook.GitLab{} },
	"HMAC":        func() webhook.Verifier { return &webhook.HMAC{Header: "X-Sig"} },
	"PagerDuty":   func() webhook.Verifier { return &webhook.PagerDuty{} },
	"Shopify":     func() webhook.Verifier { return &webhook.Shopify{} },
	"Slack":       func() webhook.Verifier { return &webhook.Slack{} },
	"Standard":    func() webhook.Verifier { return &webhook.Standard{} },
	"Stripe":      func() webhook.Verifier { return &webhook.Stripe{} },
	"Twilio":      func() webhook.Verifier { return &webhook.Twilio{} },
	"Zoom":        func() webhook.Verifier { return &webhook.Zoom{} },
}

// The table above is complete: every exported type with a method Verify.
func TestEveryVerifierIsTried(t *testing.T) {
	found := map[string]bool{}
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && name != "." {
			return cmpErr(err, fs.SkipDir)
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Name.Name != "Verify" || f.Recv == nil {
				continue
			}
			if star, ok := f.Recv.List[0].Type.(*ast.StarExpr); ok && ast.IsExported(star.X.(*ast.Ident).Name) {
				found[star.X.(*ast.Ident).Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range found {
		if verifierTypes[name] == nil {
			t.Errorf("%s is not in the table", name)
		}
	}
	if len(found) != len(verifierTypes) {
		t.Errorf("%d verifiers in the sources, %d in the table", len(found), len(verifierTypes))
	}
}

func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// canary is a secret of every kind: text, base64 of 24 bytes, hex of 32.
const canary = "c0ffee00c0ffee11c0ffee22c0ffee33c0ffee44c0ffee55c0ffee66c0ffee77"

// traces are the ways in which a printer could show a piece of the canary, or
// of what it decodes to.
func traces(t *testing.T) []string {
	t.Helper()
	fromHex, err := hex.DecodeString(canary)
	if err != nil {
		t.Fatal(err)
	}
	fromBase64, err := base64.StdEncoding.DecodeString(canary)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, secret := range [][]byte{[]byte(canary), fromHex, fromBase64} {
		piece := secret[:6]
		all = append(all, string(piece), hex.EncodeToString(piece), strings.ToUpper(hex.EncodeToString(piece)),
			base64.StdEncoding.EncodeToString(piece), strings.Trim(fmt.Sprint(piece), "[]"),
			strings.Trim(fmt.Sprintf("%x", piece[:1])+" "+fmt.Sprintf("% x", piece[1:]), "[]"),
			strings.Trim(fmt.Sprintf("%#v", piece), "[]byte{}"), strings.Trim(fmt.Sprintf("%o", piece), "[]"),
			strings.Trim(fmt.Sprintf("%b", piece), "[]"), strings.Trim(fmt.Sprintf("%U", piece), "[]"))
	}
	return all
}

// printed is everything that the usual printers make of v, by itself and as a
// part of other values, exported and not.
func printed(v any) string {
	var out bytes.Buffer
	type hidden struct{ inside any }
	for _, value := range []any{
		v, &v, []any{v}, map[string]any{"x": v}, hidden{v}, &hidden{v}, struct{ X any }{v}, [1]hidden{{v}},
		struct{ h *hidden }{&hidden{v}}, fmt.Errorf("with %v", v),
	} {
		for _, verb := range "vsqxXdobBtpcUeTgFEG" {
			for _, flag := range []string{"", "+", "#", " ", "0"} {
				fmt.Fprintf(&out, "%"+flag+string(verb)+"\n", value)
			}
		}
		if text, err := json.Marshal(value); err == nil {
			out.Write(text)
		}
		if text, err := xml.Marshal(value); err == nil {
			out.Write(text)
		}
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "value", value)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "value", value)
	}
	return out.String()
}

// withSecrets sets every field of a verifier that is a Source.
func withSecrets(v webhook.Verifier, src webhook.Source) {
	fields := reflect.ValueOf(v).Elem()
	for i := range fields.NumField() {
		if f := fields.Field(i); f.CanSet() && f.Type() == reflect.TypeFor[webhook.Source]() {
			f.Set(reflect.ValueOf(src))
		}
	}
}

// No printer shows a secret: not alone, not in a verifier before or after its
// use, not in a configuration, a receiver or a delivery.
func TestSecretsDoNotPrint(t *testing.T) {
	secret := webhook.NewSecret("new", canary)
	list := webhook.Secrets{secret, webhook.NewSecret("", canary)}
	values := map[string]any{
		"Secret": secret, "Secrets": list, "*Secret": &secret, "Source": webhook.Source(list),
		"[]Secret": []webhook.Secret(list), "Static": webhook.Static(canary, canary),
	}
	for name, zero := range verifierTypes {
		v := zero()
		withSecrets(v, list)
		values[name+", unused"] = zero()
		values[name] = v
		c := webhook.Config{Verifier: v, Handler: http.NotFoundHandler()}
		rc := newReceiver(t, c)
		values["Config of "+name], values["*Config of "+name], values["Receiver of "+name] = c, &c, rc
		values["Wrap of "+name] = rc.Wrap(http.NotFoundHandler())
		m := &webhook.Message{Method: "POST", Scheme: "https", Host: "h", Header: http.Header{"Webhook-Id": {"1"}, "Content-Type": {"application/json"}}, Target: "/in", Time: time.Unix(1, 0), Body: []byte("{}")}
		if s, ok := v.(webhook.Signer); ok {
			if err := s.Sign(t.Context(), m); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		d, err := v.Verify(t.Context(), m)
		if err != nil && name != "Discord" && name != "Twilio" {
			t.Errorf("%s: %v", name, err)
		}
		dataDoesNotShow(t, name, *m, d)
		d.Header = nil // what is left is ours: the key that matched
		values["Delivery of "+name], values["*Delivery of "+name] = d, &d
		m.Body = []byte("[]")
		if _, err := v.Verify(t.Context(), m); err != nil {
			values["error of "+name] = err
		}
	}
	for _, kind := range []string{"github", "slack", "genericJson", "dropbox", "pusher", "kudu"} {
		c := webhook.FunctionsConfig{Type: kind, Keys: list, Master: list, Receiver: webhook.Config{Compat: true, Handler: http.NotFoundHandler()}}
		f, err := webhook.NewFunctions(c)
		if err != nil {
			t.Fatal(err)
		}
		values["FunctionsConfig "+kind], values["*FunctionsConfig "+kind], values["Functions "+kind] = c, &c, f
	}
	values["NewReceiver"] = func() error {
		_, err := webhook.NewReceiver(webhook.Config{Verifier: &webhook.Discord{PublicKeys: webhook.Static(canary + "00")}})
		return err
	}()
	values["SourceFunc"] = webhook.SourceFunc(func(context.Context) ([]webhook.Secret, error) { return list, nil })
	for name, v := range values {
		lookFor(t, name, printed(v))
	}
}

// lookFor looks for the secret in what was printed.
func lookFor(t *testing.T, name, text string) {
	t.Helper()
	for _, trace := range traces(t) {
		if at := strings.Index(text, trace); at >= 0 {
			t.Errorf("%s shows %q: %.200q", name, trace, text[max(at-100, 0):])
			return
		}
	}
}

// dataDoesNotShow looks into a message and a delivery: the header in them has
// the token of a sender that shows one. They are data, and so can be taken
// apart, but not by a careless line in a log.
func dataDoesNotShow(t *testing.T, name string, m webhook.Message, d webhook.Delivery) {
	t.Helper()
	var out bytes.Buffer
	for _, v := range []any{m, &m, d, &d, []any{m, &m, d, &d}, struct{ X any }{m}, struct{ X any }{&d}} {
		fmt.Fprintf(&out, "%v %+v %#v %s %q %x %d\n", v, v, v, v, v, v, v)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "delivery", d, "its place", &d)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "delivery", d, "its place", &d, "message", &m)
	text, err := json.Marshal([]any{d, &d})
	if err != nil {
		t.Error(err)
	}
	lookFor(t, name+", message and delivery", out.String()+string(text))
}

// A printer that shows a secret would be found out.
func TestTracesAreFound(t *testing.T) {
	type open struct {
		Text  string
		bytes []byte
	}
	for _, v := range []any{open{Text: canary}, open{bytes: []byte(canary)}, &open{Text: canary}, webhook.Message{Target: canary}} {
		text, found := printed(v), false
		for _, trace := range traces(t) {
			found = found || strings.Contains(text, trace)
		}
		if !found {
			t.Errorf("%T prints its secret, and nobody sees it", v)
		}
	}
}

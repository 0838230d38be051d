package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/internal/backend"
	"github.com/httptrigger/httptrigger/internal/exampletest"
)

//go:embed testdata/send.mjs
var sendScript string

// answer is what the program said to a delivery.
type answer struct {
	Status int
	Body   string
}

// sendBySDKs lets the senders' libraries deliver to the program at base, signed
// with its secrets and with others. It returns the answers by sender and step.
func sendBySDKs(t *testing.T, base string, own, others secrets) map[string]map[string]answer {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		backend.Missing(t, "node is not installed")
	}
	libraries := filepath.Join("..", "..", "webhook", "sdktest")
	if _, err := os.Stat(filepath.Join(libraries, "node_modules")); err != nil {
		backend.Missing(t, "the senders' libraries: run npm ci --ignore-scripts in webhook/sdktest")
	}
	named := func(s secrets) map[string]string {
		return map[string]string{"github": s.github, "stripe": s.stripe, "slack": s.slack, "standard": s.standard}
	}
	question, err := json.Marshal(map[string]any{"base": base, "secrets": named(own), "others": named(others)})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "--input-type=module", "--eval", sendScript)
	cmd.Dir, cmd.Stdin = libraries, bytes.NewReader(question)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the libraries: %v\n%s", err, &said)
	}
	var answers map[string]map[string]answer
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return answers
}

// TestSDKsSend: what the senders' libraries sign runs once, and what they sign
// with another secret, or for another body, never.
func TestSDKsSend(t *testing.T) {
	own := newSecrets()
	p := exampletest.Start(t, func(ctx context.Context, args []string, stdout, stderr io.Writer) error {
		return receive(ctx, args, stdout, stderr, senders(own))
	}, "-addr", "127.0.0.1:0")
	got := sendBySDKs(t, p.Base(t), own, newSecrets())
	runs := map[string]string{
		"github":   "github: push, 48 bytes\n",
		"stripe":   "stripe: invoice.paid, 66 bytes\n",
		"slack":    "slack: /deploy, 51 bytes\n",
		"standard": "standard-webhooks: contact.created, 51 bytes\n",
	}
	for sender, ran := range runs {
		want := map[string]answer{"another secret": {401, ""}, "genuine": {200, ran}, "repeated": {200, ""}, "another body": {401, ""}}
		for step, a := range want {
			if got[sender][step] != a {
				t.Errorf("%s, %s: %+v, want %+v", sender, step, got[sender][step], a)
			}
		}
	}
	if n := strings.Count(p.Log(), "reason=signature_mismatch"); n != 2*len(runs) {
		t.Errorf("%d mismatches in the log, want %d:\n%s", n, 2*len(runs), p.Log())
	}
	p.Stop(t)
}

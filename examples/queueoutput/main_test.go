package main

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2"
	"github.com/httptrigger/httptrigger/internal/backend"
	"github.com/httptrigger/httptrigger/internal/exampletest"
)

// settings writes a local.settings.json.
func settings(t *testing.T, connection string) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"Values": map[string]string{"AzureWebJobsStorage": connection}})
	if err != nil {
		t.Fatal(err)
	}
	return write(t, string(text))
}

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "local.settings.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestCurlLines(t *testing.T) {
	connection := backend.StartAzurite(t).ConnectionString
	file := settings(t, connection)
	p := exampletest.Start(t, run, "-addr", "127.0.0.1:0", "-settings", file)
	p.TryFor(t, "Hello Ada\n", "Hello Grace\n", "Please pass a name on the query string or in the request body\n", "")
	p.Stop(t)

	queue, err := azqueue.NewQueueClientFromConnectionString(connection, queueName, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := int32(10)
	resp, err := queue.DequeueMessages(t.Context(), &azqueue.DequeueMessagesOptions{NumberOfMessages: &n})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range resp.Messages {
		text, err := base64.StdEncoding.DecodeString(*m.MessageText)
		if err != nil {
			t.Errorf("message %q is no base64: %v", *m.MessageText, err)
		}
		got = append(got, string(text))
	}
	want := []string{"Name passed to the function: Ada", "Name passed to the function: Grace"}
	if !slices.Equal(got, want) {
		t.Errorf("the queue has %q, want %q", got, want)
	}
	// The queue is there already.
	exampletest.Start(t, run, "-addr", "127.0.0.1:0", "-settings", file).Stop(t)
}

func TestReadme(t *testing.T) {
	exampletest.Readme(t, exampletest.StandIn{Begins: "npx azurite", Run: backend.RunAzurite})
}

func TestBadStarts(t *testing.T) {
	app := exampletest.Build(t, ".")
	exampletest.Refuses(t, app, []string{"-settings", filepath.Join(t.TempDir(), "none.json")}, "none.json")
	for text, want := range map[string]string{
		`{"Values":`:              "unexpected end",
		`{"IsEncrypted":true}`:    "func settings decrypt",
		`{"Values":{"Other":""}}`: "UseDevelopmentStorage=true",
	} {
		exampletest.Refuses(t, app, []string{"-settings", write(t, text)}, "local.settings.json", want)
	}
	exampletest.Refuses(t, app, []string{"-settings", settings(t, "nonsense")}, "AzureWebJobsStorage")
	unreachable := strings.Replace(azurite, ":10001", ":1", 1)
	exampletest.Refuses(t, app, []string{"-settings", settings(t, unreachable)}, "start Azurite", "127.0.0.1:1")
}

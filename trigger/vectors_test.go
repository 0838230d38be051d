package trigger_test

import (
	"testing"

	"github.com/httptrigger/httptrigger/internal/conformance/hostvec"
	"github.com/httptrigger/httptrigger/internal/conformance/triggervec"
	"github.com/httptrigger/httptrigger/internal/conformance/vec"
)

// TestHostVectors replays apps that were recorded on the reference host.
func TestHostVectors(t *testing.T) {
	vec.Test(t, hostvec.Run, "testdata/host-vectors.json.gz")
}

// TestRuleApps replays apps of the same form that were written from the rules TR-1
// to TR-220 where the recorded apps show none.
func TestRuleApps(t *testing.T) {
	vec.Test(t, hostvec.Run, "testdata/rule-apps.json.gz", "testdata/rule-apps-2.json.gz")
}

// TestRuleAppsLoad has apps that try how files and settings are read.
func TestRuleAppsLoad(t *testing.T) {
	vec.Test(t, hostvec.Run, "testdata/rule-apps-load.json.gz")
}

// TestRuleAppsServe has apps that try requests and answers.
func TestRuleAppsServe(t *testing.T) {
	vec.Test(t, hostvec.Run, "testdata/rule-apps-serve.json.gz")
}

// TestTriggerVectors puts the facts about the pipeline to a host.
func TestTriggerVectors(t *testing.T) {
	vec.Test(t, triggervec.Run, "testdata/trigger-vectors.json.gz")
}

// TestRuleVectors puts facts of the same form that were written from the rules
// TR-1 to TR-283 to both profiles, where the others show none.
func TestRuleVectors(t *testing.T) {
	vec.Test(t, triggervec.Run, "testdata/rule-vectors.json.gz")
}

// TestHookRules puts what WH-1 to WH-42 say of a host that receives webhooks.
func TestHookRules(t *testing.T) {
	vec.Test(t, triggervec.Run, "testdata/hook-vectors.json.gz")
}

// TestThrottleRules replays apps and puts facts that were written from the rules TH-1
// to TH-78 where the others show none.
func TestThrottleRules(t *testing.T) {
	vec.Test(t, hostvec.Run, "testdata/throttle-apps.json.gz")
	vec.Test(t, triggervec.Run, "testdata/throttle-vectors.json.gz")
}

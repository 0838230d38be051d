package trigger

import "strings"

// hostPaths are where things are, as admin endpoints tell it
// (WebScriptHostConfigurationSource.cs).
type hostPaths struct {
	home                           string // on App Service
	script, log, secrets, testData string
}

// paths returns the paths by the settings: below the content volume on App Service
// (TR-238), elsewhere where settings of their own say, or in the folder for
// temporary files (TR-239).
func (a *admin) paths() hostPaths {
	if home := strings.TrimSuffix(a.env("HOME", ""), "/"); home != "" && a.site.app.Host.AppService {
		data := home + "/data/Functions"
		return hostPaths{home, home + "/site/wwwroot", home + "/LogFiles/Application/Functions", data + "/secrets", data + "/sampledata"}
	}
	temp := strings.TrimSuffix(a.env("TMPDIR", "/tmp"), "/")
	return hostPaths{
		script:   a.env("AzureWebJobsScriptRoot", a.site.app.Root),
		log:      a.env("FUNCTIONS_LOG_PATH", temp+"/Functions"),
		secrets:  a.env("FUNCTIONS_SECRETS_PATH", "Secrets"),
		testData: a.env("FUNCTIONS_TEST_DATA_PATH", temp+"/FunctionsData"),
	}
}

// below returns a path as admin/vfs has it, whose root on App Service is the
// content volume.
func (p hostPaths) below(path string) string { return strings.TrimPrefix(path, p.home) }

package trigger

import "fmt"

// The texts below are those of the reference host: its admin API shows them, so
// they are data of the protocol, and Compat says them to the letter. Their files
// are WebJobs.Script/Utility.cs, Host/ScriptHost.cs,
// Host/HostFunctionMetadataProvider.cs, Binding/WebJobsCoreScriptBindingProvider.cs,
// Config/HostJsonFileConfigurationSource.cs, Config/ScriptJobHostOptionsSetup.cs and
// Workers/Http/Configuration/HttpWorkerOptionsSetup.cs.
const (
	wireNoBinding      = "At least one binding must be declared."
	wireNullBindings   = "Unable to cast object of type 'Newtonsoft.Json.Linq.JValue' to type 'Newtonsoft.Json.Linq.JArray'."
	wireObjectBindings = "Unable to cast object of type 'Newtonsoft.Json.Linq.JObject' to type 'Newtonsoft.Json.Linq.JArray'."
	wireEntryCast      = "Unable to cast object of type 'Newtonsoft.Json.Linq.%s' to type 'Newtonsoft.Json.Linq.JObject'."
	wireName           = "'%s' is not a valid function name."
	wireNoScript       = "Invalid script file name configuration. The 'scriptFile' property is set to a file that does not exist."
	wireWhichScript    = "Unable to determine the primary function script. Make sure at least one script file is present. Try renaming your entry point script to 'run' or alternatively you can specify the name of the entry point script explicitly by adding a 'scriptFile' property to your function metadata."
	wireSource         = "Illegal value '%s' for 'configurationSource' property in %s'."
	wireNoType         = "Binding '%s' is invalid. Bindings must specify a Type."
	wireDirection      = "'%s' is not a valid binding direction. "
	wireEnum           = "Error converting value \"%s\" to type '%s'. Path '%s', line %d, position %d. %s"
	wireEnumName       = "Requested value '%s' was not found."
	wireEnumEmpty      = "Must specify valid information for parsing in the string."
	wireEnumNull       = "Cannot convert null value to %s. Path '%s', line %d, position %d."
	wireEnumToken      = "Unexpected token %s when parsing enum. Path '%s', line %d, position %d."
	wireNoString       = "Can not convert %s to String."
	wireTextToken      = "Error reading string. Unexpected token: %s. Path '%s', line %d, position %d."
	wireRetryNeeds     = "Value cannot be null. (Parameter '%s')."
	wireBindingName    = "The binding name %s is invalid. Please assign a valid name to the binding."
	wireReturn         = "$return bindings must specify a direction of 'out'."
	wireDoubled        = "Multiple bindings with name '%s' discovered. Binding names must be unique."
	wireTwoTriggers    = "Multiple trigger bindings defined. A function can only have a single trigger binding."
	wireNoTrigger      = "No trigger binding specified. A function must have a trigger input binding."
	wireAuthLevel      = "Error parsing function.json: Invalid value specified for binding property 'authLevel' of enum type AuthorizationLevel."
	wireMethods        = "Error parsing function.json: Invalid value specified for binding property 'methods' of type JArray. %s"
	wireSettingCast    = "Error parsing function.json: Invalid value specified for binding property '%s' of type String. Cannot cast Newtonsoft.Json.Linq.%s to Newtonsoft.Json.Linq.JToken."
	wireReserved       = "The specified route conflicts with one or more built in routes."
	wireConflict       = "The route specified conflicts with the route defined by function '%s'."
	wireUnique         = "The function or proxy name '%s' must be unique within the function app."
	wireSameName       = "System.AggregateException: An error occurred while writing to logger(s). (Sequence contains more than one matching element)"

	wireTypeDirection   = "Microsoft.Azure.WebJobs.Script.Description.BindingDirection"
	wireTypeData        = "System.Nullable`1[Microsoft.Azure.WebJobs.Script.Description.DataType]"
	wireTypeCardinality = "System.Nullable`1[Microsoft.Azure.WebJobs.Script.Description.Cardinality]"

	wireHostParse    = "Microsoft.Azure.WebJobs.Script: Unable to parse host configuration file '%s'. Newtonsoft.Json: %s"
	wireNoVersion    = "Microsoft.Azure.WebJobs.Script: The host.json file is missing the required 'version' property. See https://aka.ms/functions-hostjson for steps to migrate the configuration file."
	wireVersion      = "Microsoft.Azure.WebJobs.Script: '%s' is an invalid value for host.json 'version' property. We recommend you set the 'version' property to '2.0'. %sSee https://aka.ms/functions-hostjson for more information on this configuration file."
	wireVersionCast  = "Newtonsoft.Json: Cannot cast Newtonsoft.Json.Linq.%s to Newtonsoft.Json.Linq.JToken."
	wireVersionThree = "This does not correspond to the function runtime version, only to the schema version of the host.json file. "
	wireConvert      = "System.InvalidOperationException: Failed to convert configuration value '%s' at 'AzureFunctionsJobHost:%s' to type '%s'."
	wireTimeout      = "System.ArgumentException: FunctionTimeout must be greater than 00:00:01 and less than %s."
	wireNoExecutable = "System.ComponentModel.DataAnnotations.ValidationException: WorkerDescription DefaultExecutablePath cannot be empty"
	wireNoWorker     = "Microsoft.Azure.WebJobs.Script: Missing worker Description."

	wireRoute           = "Microsoft.AspNetCore.Routing: An error occurred while creating the route with name '%s' and template '%s'."
	wireRouteConstraint = " Microsoft.AspNetCore.Routing: The constraint entry '%s' - '%s' on the route '%s' could not be resolved by the constraint resolver of type 'DefaultInlineConstraintResolver'."
	wireRouteArguments  = " Microsoft.AspNetCore.Routing: Could not find a constructor for constraint type '%s' with the following number of parameters: %d."
	wireRouteInstance   = " Microsoft.AspNetCore.Routing: An error occurred while trying to create an instance of 'Microsoft.AspNetCore.Routing.Constraints.%s'."
	wireRouteNumber     = " System.Private.CoreLib: The input string '%s' was not in a correct format."
	wireRouteOverflow   = " System.Private.CoreLib: Value was either too large or too small for an Int%d."
	wireRouteSegments   = " Microsoft.AspNetCore.Routing: Route exceeds the maximum number of allowed segments of 28 and is unable to be processed."
	wireRouteSyntax     = " Microsoft.AspNetCore.Routing: %s (Parameter 'routeTemplate'). Microsoft.AspNetCore.Routing: %[1]s"

	// Resources.resx of Microsoft.AspNetCore.Routing.
	wireEmptySegment      = "The route template separator character '/' cannot appear consecutively. It must be separated by either a parameter or a literal value."
	wireBadTilde          = "The route template cannot start with a '~' character unless followed by a '/'."
	wireUnclosedBrace     = "There is an incomplete parameter in the route template. Check that each '{' character has a matching '}' character."
	wireUnescapedBrace    = "In a route parameter, '{' and '}' must be escaped with '{{' and '}}'."
	wireQuestion          = "The literal section '%s' is invalid. Literal sections cannot contain the '?' character."
	wireParameterName     = "The route parameter name '%s' is invalid. Route parameter names must be non-empty and cannot contain these characters: '{', '}', '/'. The '?' character marks a parameter as optional, and can occur only at the end of the parameter. The '*' character marks a parameter as catch-all, and can occur only at the start of the parameter."
	wireDuplicateName     = "The route parameter name '%s' appears more than one time in the route template."
	wireOptionalCatchAll  = "A catch-all parameter cannot be marked optional."
	wireOptionalDefault   = "An optional parameter cannot have default value."
	wireCatchAllInComplex = "A path segment that contains more than one section, such as a literal section or a parameter, cannot contain a catch-all parameter."
	wireOptionalNotLast   = "An optional parameter must be at the end of the segment. In the segment '%s', optional parameter '%s' is followed by '%s'."
	wireOptionalAfter     = "In the segment '%s', the optional parameter '%s' is preceded by an invalid segment '%s'. Only a period (.) can precede an optional parameter."
	wireAdjacent          = "A path segment cannot contain two consecutive parameters. They must be separated by a '/' or by a literal string."
	wireCatchAllNotLast   = "A catch-all parameter can only appear as the last segment of the route template."
)

// A wireError is an error whose text goes over the wire as it is.
type wireError string

func (e wireError) Error() string { return string(e) }

func wiref(format string, args ...any) error { return wireError(fmt.Sprintf(format, args...)) }

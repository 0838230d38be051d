package trigger

var ParseTimeSpan = parseTimeSpan

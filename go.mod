module github.com/httptrigger/httptrigger

go 1.25.0

module github.com/artifactdump/artifactdump/.ci/fullmachine

go 1.26

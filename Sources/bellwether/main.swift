import App
import ArgumentParser
print("bellwether")

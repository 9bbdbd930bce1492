import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import { AppModule } from './app.module.js'

const app = await NestFactory.createApplicationContext(AppModule)
// On SIGTERM the worker claims nothing more, and lets its runs end.
app.enableShutdownHooks()
console.log('up')

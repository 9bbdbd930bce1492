import { Module } from '@nestjs/common'
import { EverybeatModule } from 'everybeat/nestjs'
import { Mailer } from './mailer.service.js'
import { ReportService } from './report.service.js'

@Module({
  imports: [EverybeatModule.forRoot({ prefix: process.env.PREFIX })],
  providers: [Mailer, ReportService],
})
export class AppModule {}
